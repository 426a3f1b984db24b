//! [`AsyncFd`]: an object whose fd is registered with a reactor, and the waits for its readiness.
//!
//! The constructors are in [`wrap`](super::wrap), the operations in [`operation`](super::operation), the waits for objects
//! that are used mutably in [`mutable`](super::mutable), and the access to the object in [`object`](super::object). The
//! reactor module delivers the events and stores the wakers.

use super::readiness::Readiness;
use super::{AsSource, AsyncFdReadyGuard};
use crate::coop::poll_cooperative;
use crate::reactor::{Interest, Reactor, ReadyEvent, Registration, WaiterSlot};
use crate::source::impl_as_source;
use std::fmt;
use std::io;
use std::task::{Context, Poll};

/// Wraps an object that has a file descriptor, to wait until the fd is ready.
///
/// It works under every executor. Any number of tasks can wait at the same time, in both directions, through a shared
/// reference. The fd is set [non-blocking](#blocking-mode), and is deregistered before it is closed.
///
/// Readiness is a hint, and edge-triggered: once reported, it is kept until the caller clears it. Clear it only
/// after an operation has returned `WouldBlock`. Most callers need only [`async_io`](Self::async_io), which does that.
/// Each interest has its own copy of the readiness: a task that waits for data, and clears an error condition, does not
/// hide it from a task that waits for errors.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, Interest};
/// use std::io::{Read, Write};
/// use std::os::unix::net::UnixStream;
///
/// let (client, server) = UnixStream::pair()?;
/// let (client, server) = (AsyncFd::new(client)?, AsyncFd::new(server)?);
/// dormouse::block_on(async {
///     client.async_io(Interest::WRITABLE, |mut fd| fd.write_all(b"hello")).await?;
///     let mut buffer = [0; 5];
///     server.async_io(Interest::READABLE, |mut fd| fd.read_exact(&mut buffer)).await?;
///     assert_eq!(&buffer, b"hello");
///     Ok(())
/// })
/// # }
/// ```
///
/// # Traits for reading and writing
/// With the features `futures-io`, `tokio-io` and `hyper`, `AsyncFd<T>` and `&AsyncFd<T>` implement the asynchronous I/O
/// traits of these crates, if `&T` implements std's `Read` and `Write`: see the [module](crate::io#reading-and-writing). So
/// if the compiler reports that `tokio::io::AsyncRead` is not implemented for an `AsyncFd`, enable `tokio-io`.
///
/// An object that reads and writes by `&mut self` alone, such as a device of another crate, does so in
/// [`async_io_mut`](Self::async_io_mut), or with the guard of [`readable_mut`](Self::readable_mut).
///
/// # Errors
/// Each constructor fails if the kernel does not support readiness for the fd (a regular file, a directory),
/// if another `AsyncFd` has registered the same fd with that reactor, or if the process has too many
/// open fds. The error names the fd and a remedy. The constructors that begin with `try_` return the object
/// with the error, unchanged. Use them for an object that must not be lost, such as an fd that another process has sent.
///
/// Two `AsyncFd`s for one fd are possible on two reactors, and on async-io, which watches a duplicate. But if both have to
/// [move](#reactor) to the builtin reactor, the waits of the second fail. Share one `AsyncFd`, or wrap a duplicate.
///
/// A wait returns such an error if the fd has to move and no reactor can register it. The next wait tries again.
///
/// In the child of a fork, every wait for an inherited `AsyncFd` returns an error. Take the object back with
/// [`into_inner`](Self::into_inner), and wrap it again.
///
/// # Connections
/// A socket that this crate has accepted or connected is registered by the first wait. Operations that need not wait
/// succeed without. So a short connection may need no registration (with async-io no duplicate of its fd), and one that
/// cannot be registered is not lost: a wait returns the error, and the next wait tries again.
///
/// (If `connect` has to wait until the connection is established, it registers the socket then.)
///
/// # Reactor
/// The constructor selects the reactor, by default with [`Reactor::current`]. The fd moves to another one if
/// - the tokio runtime whose reactor watches it shuts down: the next wait registers it with [`Reactor::current`], or with
///   async-io or the builtin reactor if that runtime has shut down too (as a constructor does);
/// - a task waits for [`PRIORITY`](Interest::PRIORITY) or [`ERROR`](Interest::ERROR), which only the builtin reactor
///   reports;
/// - it has hung up, or has an error or (with async-io) urgent data, and an operation returns `WouldBlock` nevertheless.
///   tokio's reactor and async-io cannot wait for the end of such a state; the builtin reactor can.
///
/// A move loses no event. With async-io, each `AsyncFd` opens a second fd, a duplicate. If the process has none left, the
/// builtin reactor watches the fd.
///
/// # Blocking mode
/// The flag `O_NONBLOCK` belongs to the open file description. So wrapping changes the mode of each duplicate of the fd,
/// and for every process that shares the open file description: a standard stream is shared with the parent, and often
/// with other programs on the same terminal. Their reads and writes fail with `EAGAIN` then, and output is lost.
///
/// To wrap standard input or another inherited fd, open it again, as `/dev/tty` if it is the terminal, or on Linux as
/// `/proc/self/fd/0` (pipes, FIFOs and terminals, but not sockets). That creates a description with a mode of its own.
///
/// ```
/// # #[cfg(target_os = "linux")]
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, Interest};
/// use std::{fs::File, os::fd::AsRawFd};
///
/// let (inherited, _writer) = rustix::pipe::pipe()?; // or `std::io::stdin()`
/// let file = File::open(format!("/proc/self/fd/{}", inherited.as_raw_fd()))?;
/// let input = AsyncFd::with_interest(file, Interest::READABLE)?; // `inherited` is still blocking
/// # let _ = input;
/// # Ok(())
/// # }
/// # #[cfg(not(target_os = "linux"))]
/// # fn main() {}
/// ```
///
/// [`into_blocking`](Self::into_blocking) restores the mode. A drop does not: a duplicate may still need it.
///
/// # Cancel safety
/// Every wait can be dropped and started again. No readiness is lost.
#[doc(alias = "epoll")]
#[doc(alias = "kqueue")]
#[doc(alias = "Async")]
pub struct AsyncFd<T: AsSource> {
    pub(super) registration: Registration<T>,
    /// Whether `into_blocking` sets the fd blocking.
    pub(super) set_blocking: bool,
}

impl<T: AsSource> AsyncFd<T> {
    /// The reactor that the fd is registered with, or that the first wait for a [connection](Self#connections) registers it
    /// with. It can [change](Self#reactor).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let socket = AsyncFd::new(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// println!("reactor: {}", socket.reactor().name());
    /// # Ok(())
    /// # }
    /// ```
    pub fn reactor(&self) -> Reactor {
        self.registration.reactor()
    }

    /// Waits until a read would not block.
    ///
    /// Readiness is kept: once the fd has been readable, this returns at once until an operation has returned `WouldBlock`
    /// to the guard, or to [`try_io`](Self::try_io) and the like.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Read;
    ///
    /// let (stream, peer) = std::os::unix::net::UnixStream::pair()?;
    /// let stream = AsyncFd::new(stream)?;
    /// drop(peer);
    /// let read = dormouse::block_on(async {
    ///     loop {
    ///         let mut guard = stream.readable().await?;
    ///         match guard.try_io(|fd| fd.get_ref().read(&mut [0; 16])) {
    ///             Ok(read) => return read,
    ///             Err(_would_block) => {} // cleared; wait again
    ///         }
    ///     }
    /// })?;
    /// assert_eq!(read, 0); // end of file
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// No readiness is lost.
    pub async fn readable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::READABLE).await
    }

    /// Waits until a write would not block.
    ///
    /// Readiness is kept: once the fd has been writable, this returns at once until an operation has returned `WouldBlock`
    /// to the guard, or to [`try_io`](Self::try_io) and the like.
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
    /// If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// No readiness is lost.
    pub async fn writable(&self) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        self.ready(Interest::WRITABLE).await
    }

    /// Waits until the fd is ready for any part of `interest`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let stream = AsyncFd::new(stream)?;
    /// dormouse::block_on(async {
    ///     let guard = stream.ready(Interest::READABLE | Interest::WRITABLE).await?;
    ///     assert!(guard.ready().is_writable());
    ///     assert!(!guard.ready().is_readable());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// An interest that the fd was wrapped without is registered by the first wait for it.
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// No readiness is lost.
    pub async fn ready(&self, interest: Interest) -> io::Result<AsyncFdReadyGuard<'_, T>> {
        let event = Readiness::new(self, interest).await?;
        Ok(AsyncFdReadyGuard::new(self, event))
    }

    /// Polls until a read would not block, for use in a manual `Future` impl.
    ///
    /// Like [`readable`](Self::readable), it returns at once until an operation has returned `WouldBlock`.
    ///
    /// Only the last task that called this method is woken. To wait from several tasks, use
    /// [`readable`](Self::readable).
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
    /// If no reactor can register the fd: see [the type](Self#errors).
    pub fn poll_read_ready(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        poll_cooperative(cx, |cx| self.poll_ready(Interest::READABLE, None, cx))
            .map_ok(|event| AsyncFdReadyGuard::new(self, event))
    }

    /// Polls until a write would not block, for use in a manual `Future` impl.
    ///
    /// Like [`writable`](Self::writable), it returns at once until an operation has returned `WouldBlock`. So a
    /// [`Sink`](crate::porting#a-sink) whose `poll_ready` is this alone does not wait when the fd is full. Use [`poll_write_with`](Self::poll_write_with) there.
    ///
    /// Only the last task that called this method is woken. To wait from several tasks, use
    /// [`writable`](Self::writable).
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
    /// If no reactor can register the fd: see [the type](Self#errors).
    pub fn poll_write_ready(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyGuard<'_, T>>> {
        poll_cooperative(cx, |cx| self.poll_ready(Interest::WRITABLE, None, cx))
            .map_ok(|event| AsyncFdReadyGuard::new(self, event))
    }

    /// Whether the calling process is the child of a fork, and its parent uses the fd.
    pub(crate) fn is_inherited(&self) -> bool {
        self.registration.is_inherited()
    }

    pub(super) fn poll_ready(
        &self,
        interest: Interest,
        tried: Option<ReadyEvent>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<ReadyEvent>> {
        self.registration.poll_readiness(WaiterSlot::polled(interest), tried, cx.waker())
    }
}

impl_as_source!([T: AsSource] AsyncFd<T>, fd => fd.get_ref());

impl<T: AsSource> AsRef<T> for AsyncFd<T> {
    fn as_ref(&self) -> &T {
        self.get_ref()
    }
}

impl<T: AsSource + fmt::Debug> fmt::Debug for AsyncFd<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFd")
            .field("inner", self.get_ref())
            .field("reactor", &self.reactor().name())
            .finish()
    }
}
