//! Operations on an [`AsyncFd`]: they are tried, and if they would block, tried again when the fd is ready.
//!
//! # Invariants
//! - *An operation is tried first.* It waits only after it has returned `WouldBlock`, or if an earlier operation or wait
//!   has found the fd not ready and no event has been delivered since.
//! - Only an operation that returned `WouldBlock` clears readiness, that for which it was tried. After that it waits for
//!   a newer event. So a hang-up that stays does not make it try again and again.

use super::AsyncFd;
use crate::coop::cooperative;
use crate::reactor::{Interest, Ready, ReadyEvent, WaiterSlot};
use std::future::Future;
use std::io;
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

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
    #[inline]
    pub(crate) fn async_io_with<R, F: FnMut(&T, Ready) -> io::Result<R>>(
        &self,
        interest: Interest,
        f: F,
    ) -> impl Future<Output = io::Result<R>> + use<'_, R, T, F> {
        cooperative(Operation { fd: self, interest, f, tried: None, key: None })
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
        // No wait follows. So if events are delivered only during waits, the readiness is not known.
        let unpolled = || self.registration.is_unpolled().then(|| ReadyEvent::unknown(interest));
        let event = self.event_to_try(interest).or_else(unpolled);
        event
            .and_then(|event| self.try_ready(event, |inner, _| f(inner)).ok())
            .unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
    }

    /// Calls `f` if the fd is ready, or if its readiness is not known. `f` gets the readiness that is known.
    ///
    /// # Errors
    /// The event that `f` was called for, if it returned `WouldBlock`, or `None` if it was not called.
    #[inline(always)]
    pub(super) fn try_first<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T, Ready) -> io::Result<R>,
    ) -> Result<io::Result<R>, Option<ReadyEvent>> {
        let event = self.event_to_try(interest).ok_or(None)?;
        self.try_ready(event, f).map_err(|WouldBlock| Some(event))
    }

    /// The readiness to try an operation for: what is known of it, or nothing is.
    #[inline(always)]
    fn event_to_try(&self, interest: Interest) -> Option<ReadyEvent> {
        let unknown =
            || self.registration.should_try(interest).then(|| ReadyEvent::unknown(interest));
        self.registration.ready_event(interest).or_else(unknown)
    }

    /// Calls `f`, and clears the readiness if it returns `WouldBlock`.
    #[inline(always)]
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

/// The future of [`AsyncFd::async_io`].
struct Operation<'a, T: AsFd, F> {
    fd: &'a AsyncFd<T>,
    interest: Interest,
    f: F,
    /// The event that `f` was tried for; the outer `None` before that.
    tried: Option<Option<ReadyEvent>>,
    /// The key of the waiter slot, once there is one.
    key: Option<usize>,
}

/// `f` is never pinned.
impl<T: AsFd, F> Unpin for Operation<'_, T, F> {}

impl<R, T: AsFd, F: FnMut(&T, Ready) -> io::Result<R>> Future for Operation<'_, T, F> {
    type Output = io::Result<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = self.get_mut();
        let fd = this.fd;
        let mut event = match this.tried {
            Some(event) => event,
            None => match fd.try_first(this.interest, &mut this.f) {
                Ok(result) => return Poll::Ready(result),
                Err(event) => event,
            },
        };
        loop {
            this.tried = Some(event);
            let slot = WaiterSlot::Future(this.interest, &mut this.key);
            let ready = ready!(fd.registration.poll_readiness(slot, event, cx.waker()))?;
            // The slot may contain the event that `f` is tried for. The next wait is for a newer one.
            this.remove_slot();
            match fd.try_ready(ready, &mut this.f) {
                Ok(result) => return Poll::Ready(result),
                Err(WouldBlock) => event = Some(ready),
            }
        }
    }
}

impl<T: AsFd, F> Operation<'_, T, F> {
    fn remove_slot(&mut self) {
        if let Some(key) = self.key.take() {
            self.fd.registration.remove_waiter(key);
        }
    }
}

impl<T: AsFd, F> Drop for Operation<'_, T, F> {
    fn drop(&mut self) {
        self.remove_slot();
    }
}
