//! Operations on an [`AsyncFd`]: they are tried, and if they would block, tried again when the fd is ready.
//!
//! # Invariants
//! - *An operation is tried first.* It waits only after it has returned `WouldBlock`, or if an earlier operation or wait
//!   has found the fd not ready and no event has been delivered since. (A connect is tried before the fd is registered.)
//! - An operation that returned `WouldBlock` clears readiness, that for which it was tried. After that it waits for
//!   a newer event. So a hang-up that stays does not make it try again and again. Besides it, only a short read from a
//!   TCP stream clears readiness: see [`read`](super::read).

use super::readiness::Pointer;
use super::{AsSource, AsyncFd};
use crate::coop::{Cooperative, cooperative};
use crate::reactor::{Interest, ReadyEvent, WaiterSlot};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// An operation returned `WouldBlock`.
pub(super) struct WouldBlock;

impl<T: AsSource> AsyncFd<T> {
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
    #[doc(alias = "read_with")]
    #[doc(alias = "write_with")]
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        self.async_io_with(interest, |inner, _| f(inner)).await
    }

    /// [`async_io`](Self::async_io) with mutable access to the object.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::io::Read;
    ///
    /// let (stream, peer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut stream = AsyncFd::new(stream)?;
    /// drop(peer);
    /// dormouse::block_on(async {
    ///     let mut buffer = [0; 16];
    ///     let read = stream.async_io_mut(Interest::READABLE, |stream| stream.read(&mut buffer));
    ///     assert_eq!(read.await?, 0); // end of file
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
    #[doc(alias = "read_with_mut")]
    #[doc(alias = "write_with_mut")]
    pub async fn async_io_mut<R>(
        &mut self,
        interest: Interest,
        mut f: impl FnMut(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        Operation::new(self, interest, |fd: &mut &mut Self, _| f(fd.get_mut())).await
    }

    /// Like [`async_io`](Self::async_io), but waits before the first call of `f`: the same operation has returned
    /// `WouldBlock` before the fd was registered. The registration reports what has happened since.
    pub(crate) fn async_io_after_wait<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> impl Future<Output = io::Result<R>> {
        let tried = Some(Some(ReadyEvent::unknown(interest)));
        let f = move |fd: &mut &Self, _| f(fd.get_ref());
        cooperative(Operation { fd: self, interest, f, tried, key: None })
    }

    /// Like [`async_io`](Self::async_io), and passes the event that it is tried for to `f`.
    #[inline]
    pub(crate) fn async_io_with<R, F: FnMut(&T, ReadyEvent) -> io::Result<R>>(
        &self,
        interest: Interest,
        mut f: F,
    ) -> impl Future<Output = io::Result<R>> + use<'_, R, T, F> {
        Operation::new(self, interest, move |fd: &mut &Self, event| f(fd.get_ref(), event))
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
        let mut fd = self;
        try_now(&mut fd, interest, |fd, _| f(fd.get_ref()))
    }

    /// [`try_io`](Self::try_io) with mutable access to the object.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::io::{ErrorKind, Read};
    /// let (reader, _writer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut reader = AsyncFd::new(reader)?;
    /// let result = reader.try_io_mut(Interest::READABLE, |reader| reader.read(&mut [0; 1]));
    /// assert_eq!(result.unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `f`. It does not fail if the reactor has shut down.
    pub fn try_io_mut<R>(
        &mut self,
        interest: Interest,
        f: impl FnOnce(&mut T) -> io::Result<R>,
    ) -> io::Result<R> {
        let mut fd = self;
        try_now(&mut fd, interest, |fd, _| f(fd.get_mut()))
    }

    /// The readiness to try an operation for: what is known of it, or nothing is.
    #[inline(always)]
    fn event_to_try(&self, interest: Interest) -> Option<ReadyEvent> {
        let unknown =
            || self.registration.should_try(interest).then(|| ReadyEvent::unknown(interest));
        self.registration.ready_event(interest).or_else(unknown)
    }
}

/// Calls `f` if the fd is ready, or if its readiness is not known, and returns `WouldBlock` otherwise. `f` gets the
/// event that it is tried for.
pub(super) fn try_now<R, P: Pointer>(
    fd: &mut P,
    interest: Interest,
    f: impl FnOnce(&mut P, ReadyEvent) -> io::Result<R>,
) -> io::Result<R> {
    let shared = fd.async_fd();
    // No wait follows. So if events are delivered only during waits, the readiness is not known.
    let unpolled = || shared.registration.is_unpolled().then(|| ReadyEvent::unknown(interest));
    let event = shared.event_to_try(interest).or_else(unpolled);
    event
        .and_then(|event| try_ready(fd, event, f).ok())
        .unwrap_or_else(|| Err(io::ErrorKind::WouldBlock.into()))
}

/// Calls `f` if the fd is ready, or if its readiness is not known. `f` gets the event that it is tried for.
///
/// # Errors
/// The event that `f` was called for, if it returned `WouldBlock`, or `None` if it was not called.
#[inline(always)]
pub(super) fn try_first<R, P: Pointer>(
    fd: &mut P,
    interest: Interest,
    f: impl FnOnce(&mut P, ReadyEvent) -> io::Result<R>,
) -> Result<io::Result<R>, Option<ReadyEvent>> {
    let event = fd.async_fd().event_to_try(interest).ok_or(None)?;
    try_ready(fd, event, f).map_err(|WouldBlock| Some(event))
}

/// Calls `f`, and clears the readiness if it returns `WouldBlock`.
#[inline(always)]
pub(super) fn try_ready<R, P: Pointer>(
    fd: &mut P,
    event: ReadyEvent,
    f: impl FnOnce(&mut P, ReadyEvent) -> io::Result<R>,
) -> Result<io::Result<R>, WouldBlock> {
    match f(fd, event) {
        Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
            fd.async_fd().registration.would_block(event);
            Err(WouldBlock)
        }
        result => {
            fd.async_fd().registration.succeeded(event);
            Ok(result)
        }
    }
}

/// The future of [`AsyncFd::async_io`] and [`AsyncFd::async_io_mut`].
struct Operation<P: Pointer, F> {
    fd: P,
    interest: Interest,
    f: F,
    /// The event that `f` was tried for; the outer `None` before that.
    tried: Option<Option<ReadyEvent>>,
    /// The key of the waiter slot, once there is one.
    key: Option<usize>,
}

/// Neither the pointer nor `f` is pinned.
impl<P: Pointer, F> Unpin for Operation<P, F> {}

impl<R, P: Pointer, F: FnMut(&mut P, ReadyEvent) -> io::Result<R>> Operation<P, F> {
    #[inline]
    fn new(fd: P, interest: Interest, f: F) -> Cooperative<Operation<P, F>> {
        cooperative(Operation { fd, interest, f, tried: None, key: None })
    }
}

impl<R, P: Pointer, F: FnMut(&mut P, ReadyEvent) -> io::Result<R>> Future for Operation<P, F> {
    type Output = io::Result<R>;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<R>> {
        let this = self.get_mut();
        let mut event = match this.tried {
            Some(event) => event,
            None => match try_first(&mut this.fd, this.interest, &mut this.f) {
                Ok(result) => return Poll::Ready(result),
                Err(event) => event,
            },
        };
        loop {
            this.tried = Some(event);
            let slot = WaiterSlot::Future(this.interest, &mut this.key);
            let registration = &this.fd.async_fd().registration;
            let ready = ready!(registration.poll_readiness(slot, event, cx.waker()))?;
            // The slot may contain the event that `f` is tried for. The next wait is for a newer one.
            this.remove_slot();
            match try_ready(&mut this.fd, ready, &mut this.f) {
                Ok(result) => return Poll::Ready(result),
                Err(WouldBlock) => event = Some(ready),
            }
        }
    }
}

impl<P: Pointer, F> Operation<P, F> {
    fn remove_slot(&mut self) {
        if let Some(key) = self.key.take() {
            self.fd.async_fd().registration.remove_waiter(key);
        }
    }
}

impl<P: Pointer, F> Drop for Operation<P, F> {
    fn drop(&mut self) {
        self.remove_slot();
    }
}
