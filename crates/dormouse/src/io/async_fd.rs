//! An fd, watched by a reactor.

use super::AsyncFdReadyGuard;
use crate::reactor::{Direction, Interest, Reactor, Ready, ReadyEvent, Registration, WaiterSlot};
use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Wraps anything that has a file descriptor, to wait until it is ready.
///
/// It works under every executor: which reactor watches the fd is chosen when it is wrapped, as
/// [`Reactor::current`] says, and stays so (but [`PRIORITY`](Interest::PRIORITY) and
/// [`ERROR`](Interest::ERROR) are for the builtin one). Any number of tasks may wait at once, in both directions,
/// through a shared reference. The fd is set non-blocking. It is deregistered before it is closed.
///
/// Readiness is a hint, and edge-triggered: once reported, it is remembered until an operation was
/// seen to block and it is cleared. [`async_io`](Self::async_io) does that; it is what most callers want.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, Interest};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (ours, theirs) = UnixStream::pair()?;
/// let (ours, theirs) = (AsyncFd::new(ours)?, AsyncFd::new(theirs)?);
/// dormouse::block_on(async {
///     theirs.async_io(Interest::WRITABLE, |mut fd| fd.write_all(b"hello")).await?;
///     let mut buffer = [0; 5];
///     ours.async_io(Interest::READABLE, |mut fd| fd.read_exact(&mut buffer)).await?;
///     assert_eq!(&buffer, b"hello");
///     Ok(())
/// })
/// # }
/// ```
///
/// # Errors
/// Each constructor fails if the kernel cannot report on the fd (a regular file, a directory), if
/// the same fd is watched by that reactor already, or if the process has too many fds. The error says
/// which fd it was, and what to do. The constructors that begin with `try` hand the object back with it, as
/// it was.
///
/// If the tokio runtime that watches the fd shuts down, waits end with an error that says so, and
/// the object can be taken back with [`into_inner`](Self::into_inner) and wrapped again.
///
/// Under async-io each `AsyncFd` takes a second fd for itself, a duplicate.
///
/// # Cancel safety
/// All waits can be dropped and begun anew; no readiness is lost.
pub struct AsyncFd<T: AsFd> {
    pub(super) registration: Registration<T>,
    pub(super) reactor: Reactor,
}

impl<T: AsFd> AsyncFd<T> {
    /// The reactor that watches the fd.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let socket = AsyncFd::new(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// println!("watched by {}", socket.reactor().name());
    /// # Ok(())
    /// # }
    /// ```
    pub fn reactor(&self) -> &Reactor {
        &self.reactor
    }

    /// Waits until a read would not block.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Read;
    ///
    /// let (ours, theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let ours = AsyncFd::new(ours)?;
    /// drop(theirs);
    /// let end = dormouse::block_on(async {
    ///     loop {
    ///         let mut guard = ours.readable().await?;
    ///         match guard.try_io(|fd| fd.get_ref().read(&mut [0; 16])) {
    ///             Ok(read) => return read,
    ///             Err(_would_block) => {} // cleared; wait again
    ///         }
    ///     }
    /// })?;
    /// assert_eq!(end, 0);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the reactor is gone: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn readable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::READABLE).await
    }

    /// Waits until a write would not block.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let writer = AsyncFd::new(writer)?;
    /// dormouse::block_on(async { writer.writable().await.map(drop) })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the reactor is gone: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn writable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// Waits until the fd is ready for anything of interest.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let ours = AsyncFd::new(ours)?;
    /// dormouse::block_on(async {
    ///     let guard = ours.ready(Interest::READABLE | Interest::WRITABLE).await?;
    ///     assert!(guard.ready().is_writable());
    ///     assert!(!guard.ready().is_readable());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the reactor is gone: see [the type](Self#errors). `InvalidInput` if async-io watches the fd and is
    /// asked for neither reading nor writing: it would never tell.
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = Wait { registration: &self.registration, interest, place: None }.await?;
        Ok(AsyncFdReadyGuard::new(self, event))
    }

    /// [`readable`](Self::readable), for futures written by hand. Of all callers of this method the
    /// last one is woken; to wait from several tasks, use `readable`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::future::poll_fn;
    /// let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let reader = AsyncFd::new(reader)?;
    /// drop(writer);
    /// dormouse::block_on(poll_fn(|cx| reader.poll_read_ready(cx).map_ok(drop)))
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the reactor is gone: see [the type](Self#errors).
    pub fn poll_read_ready(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        self.poll_ready(Direction::Read, cx)
    }

    /// [`writable`](Self::writable), for futures written by hand. Of all callers of this method the
    /// last one is woken; to wait from several tasks, use `writable`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::future::poll_fn;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let writer = AsyncFd::new(writer)?;
    /// dormouse::block_on(poll_fn(|cx| writer.poll_write_ready(cx).map_ok(drop)))
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the reactor is gone: see [the type](Self#errors).
    pub fn poll_write_ready(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        self.poll_ready(Direction::Write, cx)
    }

    pub(super) fn poll_ready(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        let event = self.registration.poll_readiness(WaiterSlot::Direction(direction), cx.waker());
        event.map_ok(|event| AsyncFdReadyGuard::new(self, event))
    }

    /// Does an operation as soon as it does not block: waits, tries, and waits again if it says
    /// `WouldBlock`. As long as nothing is known of readiness it tries first, like [`try_io`](Self::try_io).
    ///
    /// `f` is to do one operation on the fd, of the kind that `interest` names, and to say
    /// `WouldBlock` only if the fd did.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::net::UdpSocket;
    ///
    /// let ours = AsyncFd::new(UdpSocket::bind("127.0.0.1:0")?)?;
    /// UdpSocket::bind("127.0.0.1:0")?.send_to(b"ping", ours.get_ref().local_addr()?)?;
    /// dormouse::block_on(async {
    ///     let mut buffer = [0; 16];
    ///     let receive = ours.async_io(Interest::READABLE, |socket| socket.recv_from(&mut buffer));
    ///     assert_eq!(receive.await?.0, 4);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `f`, but for `WouldBlock`; and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// While it waits, `f` has done nothing.
    pub async fn async_io<R>(
        &self,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        loop {
            match self.try_io(interest, &mut f) {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                done => return done,
            }
            let _ = self.ready(interest).await?;
        }
    }

    /// Does an operation if the fd is ready for it, and says `WouldBlock` otherwise. If the reactor does not
    /// report on this unasked, and nobody has waited for it so far, then only the operation can tell, and is
    /// tried.
    ///
    /// If `f` says `WouldBlock`, readiness is cleared.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::io::{ErrorKind, Read};
    /// let (reader, _writer) = std::os::unix::net::UnixStream::pair()?;
    /// let reader = AsyncFd::new(reader)?;
    /// let nothing = reader.try_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 1]));
    /// assert_eq!(nothing.unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `f`; and if the reactor is gone, see [the type](Self#errors).
    pub fn try_io<R>(
        &self,
        interest: Interest,
        f: impl FnOnce(&T) -> io::Result<R>,
    ) -> io::Result<R> {
        let event = match self.registration.ready_event(interest) {
            Poll::Ready(event) => Some(event?),
            Poll::Pending if !self.registration.is_registered(interest) => None,
            Poll::Pending => return Err(io::ErrorKind::WouldBlock.into()),
        };
        let done = f(self.get_ref());
        match (&done, event) {
            (Err(err), Some(event)) if err.kind() == io::ErrorKind::WouldBlock => {
                self.clear(event, Ready::ALL);
            }
            _ => {}
        }
        done
    }

    /// The object.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let socket = AsyncFd::new(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// println!("bound to {}", socket.get_ref().local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &T {
        self.registration.get_ref()
    }

    /// The object, to change it. It must keep its file descriptor: another one put in its place
    /// would not be watched. (That harms nobody else, even if the number of the first is used again.)
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Write;
    /// let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let mut ours = AsyncFd::new(ours)?;
    /// ours.get_mut().write_all(b"x")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.registration.get_mut()
    }

    /// Ends the watch, and gives the object back. It stays non-blocking.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let socket = AsyncFd::new(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// let socket = socket.into_inner();
    /// let again = AsyncFd::new(socket)?;
    /// # let _ = again;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(self) -> T {
        self.registration.into_inner()
    }

    pub(super) fn clear(&self, event: ReadyEvent, ready: Ready) {
        self.registration.clear_readiness(event, ready);
    }
}

impl<T: AsFd> AsFd for AsyncFd<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.get_ref().as_fd()
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd")
            .field("inner", self.get_ref())
            .field("reactor", &self.reactor.name())
            .finish()
    }
}

/// A wait with a place of its own, so that any number of them can wait at once.
struct Wait<'a, T: AsFd> {
    registration: &'a Registration<T>,
    interest: Interest,
    place: Option<usize>,
}

impl<T: AsFd> Future for Wait<'_, T> {
    type Output = io::Result<ReadyEvent>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        let this = &mut *self;
        this.registration
            .poll_readiness(WaiterSlot::Future(this.interest, &mut this.place), cx.waker())
    }
}

impl<T: AsFd> Drop for Wait<'_, T> {
    fn drop(&mut self) {
        if let Some(place) = self.place {
            self.registration.remove_waiter(place);
        }
    }
}
