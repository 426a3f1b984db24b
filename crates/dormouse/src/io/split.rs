//! The read half and the write half of an [`AsyncFd`].
//!
//! Both halves own the `AsyncFd` through an `Arc`. They know no executor and take no lock. The `AsyncFd` stores
//! one waker for each direction, so the halves can wait in two tasks.
//!
//! # Invariants
//! - There are exactly two references to the `AsyncFd`, one in each half.
//! - Dropping the write half shuts down the write direction, unless the halves are reunited. In the child of a fork it does
//!   not: the connection is the parent's.

use super::{AsSource, AsyncFd};
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use std::error::Error;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
use std::sync::Arc;

impl<T: AsSource> AsyncFd<T> {
    /// Splits the `AsyncFd` into a read half and a write half, which two tasks can own.
    ///
    /// To read and write within one task, do not split: `&AsyncFd` implements the traits too.
    ///
    /// ```
    /// # #[cfg(feature = "futures-io")]
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use futures::io::{AsyncReadExt, AsyncWriteExt};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (client, server) = UnixStream::pair()?;
    /// let (mut read, mut write) = AsyncFd::new(client)?.into_split();
    /// let (mut server_read, mut server_write) = AsyncFd::new(server)?.into_split();
    /// std::thread::spawn(|| dormouse::block_on(async move {
    ///     // An echo server, until end of file.
    ///     futures::io::copy(&mut server_read, &mut server_write).await
    /// }));
    /// dormouse::block_on(async {
    ///     write.write_all(b"hello").await?;
    ///     drop(write); // the server reads end of file
    ///     let mut received = String::new();
    ///     read.read_to_string(&mut received).await?;
    ///     assert_eq!(received, "hello");
    ///     Ok(())
    /// })
    /// # }
    /// # #[cfg(not(feature = "futures-io"))]
    /// # fn main() {}
    /// ```
    pub fn into_split(self) -> (ReadHalf<T>, WriteHalf<T>) {
        let fd = Arc::new(self);
        (ReadHalf { fd: fd.clone() }, WriteHalf { fd, shut_down_on_drop: true })
    }
}

/// The read half, returned by [`AsyncFd::into_split`].
///
/// It implements the read traits that `AsyncFd` implements. The fd is closed when both halves are dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, ReadHalf};
/// use std::os::unix::net::UnixStream;
///
/// let (stream, _peer) = UnixStream::pair()?;
/// let (read, write): (ReadHalf<UnixStream>, _) = AsyncFd::new(stream)?.into_split();
/// println!("reactor: {}", read.as_ref().reactor().name());
/// let stream = read.reunite(write).expect("halves of one AsyncFd");
/// # let _ = stream;
/// # Ok(())
/// # }
/// ```
pub struct ReadHalf<T: AsSource> {
    fd: Arc<AsyncFd<T>>,
}

/// The write half, returned by [`AsyncFd::into_split`].
///
/// It implements the write traits that `AsyncFd` implements. **Dropping it shuts down the write direction** of a
/// socket: the peer reads end of file, and the read half can still read. Pipes and other fds do not support
/// shutdown: they are closed when both halves are dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::AsyncFd;
/// use std::io::Read;
/// use std::os::unix::net::UnixStream;
///
/// let (stream, mut peer) = UnixStream::pair()?;
/// let (_read, write) = AsyncFd::new(stream)?.into_split();
/// drop(write);
/// assert_eq!(peer.read(&mut [0; 16])?, 0);
/// # Ok(())
/// # }
/// ```
pub struct WriteHalf<T: AsSource> {
    fd: Arc<AsyncFd<T>>,
    shut_down_on_drop: bool,
}

impl<T: AsSource> ReadHalf<T> {
    /// Puts the two halves back together. Nothing is shut down.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (a, b) = UnixStream::pair()?;
    /// let (a_read, a_write) = AsyncFd::new(a)?.into_split();
    /// let (b_read, _b_write) = AsyncFd::new(b)?.into_split();
    /// let error = b_read.reunite(a_write).unwrap_err();
    /// let a: AsyncFd<UnixStream> = a_read.reunite(error.1).expect("halves of one AsyncFd");
    /// # let _ = a;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the halves belong to different `AsyncFd`s. The error contains both.
    pub fn reunite(self, mut write: WriteHalf<T>) -> Result<AsyncFd<T>, ReuniteError<T>> {
        if !Arc::ptr_eq(&self.fd, &write.fd) {
            return Err(ReuniteError(self, write));
        }
        write.shut_down_on_drop = false;
        drop(write);
        Ok(Arc::into_inner(self.fd).expect("the other reference was in the write half"))
    }
}

impl<T: AsSource> AsRef<AsyncFd<T>> for ReadHalf<T> {
    fn as_ref(&self) -> &AsyncFd<T> {
        &self.fd
    }
}

impl<T: AsSource> AsRef<AsyncFd<T>> for WriteHalf<T> {
    fn as_ref(&self) -> &AsyncFd<T> {
        &self.fd
    }
}

impl<T: AsSource> AsFd for ReadHalf<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl<T: AsSource> AsFd for WriteHalf<T> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }
}

impl<T: AsSource> AsRawFd for ReadHalf<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl<T: AsSource> AsRawFd for WriteHalf<T> {
    fn as_raw_fd(&self) -> RawFd {
        self.fd.as_raw_fd()
    }
}

impl<T: AsSource> Drop for WriteHalf<T> {
    fn drop(&mut self) {
        if self.shut_down_on_drop && !self.fd.is_inherited() {
            let _ = shut_down(&*self.fd);
        }
    }
}

impl<T: AsSource + fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadHalf").field(&self.fd).finish()
    }
}

impl<T: AsSource + fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteHalf").field(&self.fd).finish()
    }
}

/// The error of [`ReadHalf::reunite`]: the halves, which belong to different [`AsyncFd`]s.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, ReuniteError};
/// use std::os::unix::net::UnixStream;
///
/// let (a, b) = UnixStream::pair()?;
/// let (a_read, _a_write) = AsyncFd::new(a)?.into_split();
/// let (_b_read, b_write) = AsyncFd::new(b)?.into_split();
/// let ReuniteError(_a_read, _b_write) = a_read.reunite(b_write).unwrap_err();
/// # Ok(())
/// # }
/// ```
pub struct ReuniteError<T: AsSource>(pub ReadHalf<T>, pub WriteHalf<T>);

impl<T: AsSource> fmt::Display for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tried to reunite halves that are not of one AsyncFd")
    }
}

impl<T: AsSource + fmt::Debug> fmt::Debug for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReuniteError").field(&self.0).field(&self.1).finish()
    }
}

impl<T: AsSource + fmt::Debug> Error for ReuniteError<T> {}

/// Shuts down the write direction of a socket.
///
/// It succeeds without effect on an fd that does not support it: a pipe, a socket that is not connected or no longer
/// connected, a socket type without connections.
pub(super) fn shut_down(fd: &impl AsFd) -> io::Result<()> {
    match shutdown(fd, Shutdown::Write) {
        Ok(()) | Err(Errno::NOTSOCK | Errno::NOTCONN | Errno::OPNOTSUPP) => Ok(()),
        Err(err) => Err(err.into()),
    }
}
