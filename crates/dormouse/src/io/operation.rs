//! Operations on an [`AsyncFd`]: they are tried, and if they would block, tried again when the fd is ready.
//!
//! # Invariants
//! - *An operation is tried first.* It waits only after it has returned `WouldBlock`, or if an earlier operation or wait
//!   has found the fd not ready and no event has been delivered since.
//! - Only an operation that returned `WouldBlock` clears readiness, that for which it was tried. After that it waits for
//!   a newer event. So a hang-up that stays does not make it try again and again.

use super::AsyncFd;
use crate::coop::cooperative;
use crate::reactor::{Interest, Ready, ReadyEvent};
use std::io;
use std::os::fd::AsFd;

/// An operation returned `WouldBlock`.
pub(super) struct WouldBlock;

impl<T: AsFd> AsyncFd<T> {
    /// Calls `f`, and whenever it returns `WouldBlock`, waits until the fd is ready and calls it again.
    ///
    /// `f` must do one operation on the fd, of the kind that `interest` names, and return `WouldBlock` only if the
    /// operation did. It is tried before the first wait, unless an earlier operation or wait has found that the fd is not
    /// ready, and it has not become ready since.
    ///
    /// What `f` returns is not interpreted otherwise. A read from a FIFO that no writer has opened yet returns 0 without
    /// a wait; [`read`](Self::read) and the [traits](super#reading-and-writing) wait for a writer.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::net::UdpSocket;
    ///
    /// let socket = AsyncFd::new(UdpSocket::bind("127.0.0.1:0")?)?;
    /// UdpSocket::bind("127.0.0.1:0")?.send_to(b"ping", socket.get_ref().local_addr()?)?;
    /// dormouse::block_on(async {
    ///     let mut buffer = [0; 16];
    ///     let receive = socket.async_io(Interest::READABLE, |socket| socket.recv_from(&mut buffer));
    ///     assert_eq!(receive.await?.0, 4);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `f`, except `WouldBlock`. If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// It waits only before the first call of `f` or after a call that returned `WouldBlock`, so dropping it loses
    /// nothing.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.async_io_with(interest, |inner, _| f(inner)).await
    }

    /// Like [`async_io`](Self::async_io), and passes the readiness that is known to `f`.
    pub(crate) async fn async_io_with<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T, Ready) -> io::Result<R>,
    ) -> io::Result<R> {
        cooperative(async {
            let mut tried = match self.try_first(interest, &mut f) {
                Ok(result) => return result,
                Err(tried) => tried,
            };
            loop {
                let event = self.readiness(interest, tried).await?;
                match self.try_ready(event, &mut f) {
                    Ok(result) => return result,
                    Err(WouldBlock) => tried = Some(event),
                }
            }
        })
        .await
    }

    /// Calls `f` if the fd is ready, and returns `WouldBlock` otherwise.
    ///
    /// `f` is also called if the readiness is not known: before the first wait for it, and with async-io always. If `f`
    /// returns `WouldBlock`, the readiness is cleared.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::io::{ErrorKind, Read};
    /// let (reader, _writer) = std::os::unix::net::UnixStream::pair()?;
    /// let reader = AsyncFd::new(reader)?;
    /// let result = reader.try_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 1]));
    /// assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `f`. It does not fail if the reactor has shut down.
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.try_first(interest, |inner, _| f(inner))
            .unwrap_or_else(|_| Err(io::ErrorKind::WouldBlock.into()))
    }

    /// Calls `f` if the fd is ready, or if its readiness is not known. `f` gets the readiness that is known.
    ///
    /// # Errors
    /// The event that `f` was called for, if it returned `WouldBlock`, or `None` if it was not called.
    pub(super) fn try_first<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T, Ready) -> io::Result<R>,
    ) -> Result<io::Result<R>, Option<ReadyEvent>> {
        let event = match self.registration.ready_event(interest) {
            Some(event) => event,
            None if self.registration.should_try(interest) => ReadyEvent::unknown(interest),
            None => return Err(None),
        };
        self.try_ready(event, f).map_err(|WouldBlock| Some(event))
    }

    /// Calls `f`, and clears the readiness if it returns `WouldBlock`.
    pub(super) fn try_ready<R>(
        &self,
        event: ReadyEvent,
        f: impl FnOnce(&T, Ready) -> io::Result<R>,
    ) -> Result<io::Result<R>, WouldBlock> {
        match f(self.get_ref(), event.ready) {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                self.registration.would_block(event);
                Err(WouldBlock)
            }
            result => Ok(result),
        }
    }
}
