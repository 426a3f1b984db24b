//! Waits that borrow the [`AsyncFd`] mutably, and their guard: for objects that read and write by `&mut self`.
//!
//! The operations are in [`operation`](super::operation).

use super::readiness::Readiness;
use super::{AsSource, AsyncFd, Interest, Ready, TryIoError};
use crate::coop::poll_cooperative;
use crate::reactor::ReadyEvent;
use std::fmt;
use std::io;
use std::task::{Context, Poll};

impl<T: AsSource> AsyncFd<T> {
    /// Waits until a read would not block. The guard gives mutable access to the object.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Read;
    ///
    /// let (stream, peer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut stream = AsyncFd::new(stream)?;
    /// drop(peer);
    /// let read = dormouse::block_on(async {
    ///     loop {
    ///         let mut guard = stream.readable_mut().await?;
    ///         match guard.try_io(|fd| fd.get_mut().read(&mut [0; 16])) {
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
    pub async fn readable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::READABLE).await
    }

    /// Waits until a write would not block. The guard gives mutable access to the object.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Write;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut writer = AsyncFd::new(writer)?;
    /// dormouse::block_on(async {
    ///     let mut guard = writer.writable_mut().await?;
    ///     assert_eq!(guard.get_inner_mut().write(b"x")?, 1);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// No readiness is lost.
    pub async fn writable_mut(&mut self) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        self.ready_mut(Interest::WRITABLE).await
    }

    /// Waits until the fd is ready for any part of `interest`. The guard gives mutable access to the object.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut stream = AsyncFd::new(stream)?;
    /// dormouse::block_on(async {
    ///     let guard = stream.ready_mut(Interest::READABLE | Interest::WRITABLE).await?;
    ///     assert!(guard.ready().is_writable());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// No readiness is lost.
    pub async fn ready_mut(
        &mut self,
        interest: Interest,
    ) -> io::Result<AsyncFdReadyMutGuard<'_, T>> {
        let event = Readiness::new(&mut *self, interest).await?;
        Ok(AsyncFdReadyMutGuard { fd: self, event })
    }

    /// Polls until a read would not block, for use in a manual `Future` impl. The guard gives mutable access to the object.
    ///
    /// Like [`readable`](Self::readable), it returns at once until an operation has returned `WouldBlock`.
    ///
    /// Only the last task that called this method or [`poll_read_ready`](Self::poll_read_ready) is woken.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::future::poll_fn;
    /// let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut reader = AsyncFd::new(reader)?;
    /// drop(writer);
    /// dormouse::block_on(poll_fn(|cx| reader.poll_read_ready_mut(cx).map_ok(drop)))
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    pub fn poll_read_ready_mut(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        self.poll_ready_mut(Interest::READABLE, cx)
    }

    /// Polls until a write would not block, for use in a manual `Future` impl. The guard gives mutable access to the object.
    ///
    /// Like [`writable`](Self::writable), it returns at once until an operation has returned `WouldBlock`.
    ///
    /// Only the last task that called this method or [`poll_write_ready`](Self::poll_write_ready) is woken.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::future::poll_fn;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut writer = AsyncFd::new(writer)?;
    /// dormouse::block_on(poll_fn(|cx| writer.poll_write_ready_mut(cx).map_ok(drop)))
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    pub fn poll_write_ready_mut(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        self.poll_ready_mut(Interest::WRITABLE, cx)
    }

    fn poll_ready_mut(
        &mut self,
        interest: Interest,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<AsyncFdReadyMutGuard<'_, T>>> {
        poll_cooperative(cx, |cx| self.poll_ready(interest, None, cx))
            .map_ok(|event| AsyncFdReadyMutGuard { fd: self, event })
    }
}

/// The readiness of an [`AsyncFd`], with mutable access to the object.
///
/// As with [`AsyncFdReadyGuard`](super::AsyncFdReadyGuard), dropping the guard does not clear the readiness. If an
/// operation returns `WouldBlock`, clear it. [`try_io`](Self::try_io) does that.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::AsyncFd;
/// use std::io::Write;
///
/// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
/// let mut writer = AsyncFd::new(writer)?;
/// dormouse::block_on(async {
///     let mut guard = writer.writable_mut().await?;
///     match guard.try_io(|fd| fd.get_mut().write(b"x")) {
///         Ok(written) => assert_eq!(written?, 1),
///         Err(_would_block) => unreachable!("an empty pipe buffer has space"),
///     }
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "readiness is kept until it is cleared; to keep it, call `retain_ready` or drop the guard"]
pub struct AsyncFdReadyMutGuard<'a, T: AsSource> {
    fd: &'a mut AsyncFd<T>,
    event: ReadyEvent,
}

impl<T: AsSource> AsyncFdReadyMutGuard<'_, T> {
    /// Calls `f`, and clears the readiness if it returns `WouldBlock`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Write;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut writer = AsyncFd::new(writer)?;
    /// dormouse::block_on(async {
    ///     let mut guard = writer.writable_mut().await?;
    ///     let written = guard.try_io(|fd| fd.get_mut().write(b"x"));
    ///     assert!(matches!(written, Ok(Ok(1))));
    ///     Ok(())
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`TryIoError`] if `f` returned `WouldBlock`: wait again. The inner result contains other errors.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&mut AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.fd);
        self.tried(result)
    }

    /// The [`AsyncFd`].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut stream = dormouse::io::AsyncFd::new(stream)?;
    /// println!("{}", dormouse::block_on(stream.writable_mut())?.get_ref().reactor().name());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &AsyncFd<T> {
        self.fd
    }

    /// The [`AsyncFd`], mutably.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut writer = dormouse::io::AsyncFd::new(writer)?;
    /// dormouse::block_on(writer.writable_mut())?.get_mut().get_mut().write_all(b"x")
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut AsyncFd<T> {
        self.fd
    }

    /// The object that the [`AsyncFd`] wraps.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let mut socket = dormouse::io::AsyncFd::new(socket)?;
    /// println!("{}", dormouse::block_on(socket.writable_mut())?.get_inner().local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_inner(&self) -> &T {
        self.fd.get_ref()
    }

    /// The object that the [`AsyncFd`] wraps, mutably. It must [keep its file descriptor](AsyncFd::get_mut).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use std::io::Write;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut writer = dormouse::io::AsyncFd::new(writer)?;
    /// dormouse::block_on(writer.writable_mut())?.get_inner_mut().write_all(b"x")
    /// # }
    /// ```
    pub fn get_inner_mut(&mut self) -> &mut T {
        self.fd.get_mut()
    }
}

guard!(AsyncFdReadyMutGuard, "mut ", writable_mut, ready_mut);
