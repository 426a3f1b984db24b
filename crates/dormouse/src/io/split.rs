//! One fd in two hands: a half that reads and a half that writes.
//!
//! The halves are two owners of one [`AsyncFd`]; they know no executor and take no lock. Each direction has
//! a waker of its own in there, so the halves can wait in two tasks.
//!
//! # Invariants
//! - There are two references to the `AsyncFd`, one in each half.
//! - When the write half is gone, its direction is shut down, unless the halves were reunited.

use super::AsyncFd;
use rustix::io::Errno;
use rustix::net::{Shutdown, shutdown};
use std::error::Error;
use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::sync::Arc;

impl<T: AsFd> AsyncFd<T> {
    /// Splits it into a half that reads and a half that writes, for two tasks.
    ///
    /// To read and write within one task, there is no need to: `&AsyncFd` implements the traits too.
    ///
    /// ```
    /// # #[cfg(feature = "futures-io")]
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use futures::io::{AsyncReadExt, AsyncWriteExt};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let (mut read, mut write) = AsyncFd::new(ours)?.into_split();
    /// let (mut their_read, mut their_write) = AsyncFd::new(theirs)?.into_split();
    /// std::thread::spawn(|| dormouse::block_on(async move {
    ///     // An echo, until the other side has no more to say.
    ///     futures::io::copy(&mut their_read, &mut their_write).await
    /// }));
    /// dormouse::block_on(async {
    ///     write.write_all(b"hello").await?;
    ///     drop(write); // which tells the other side
    ///     let mut heard = String::new();
    ///     read.read_to_string(&mut heard).await?;
    ///     assert_eq!(heard, "hello");
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

/// The half that reads, of [`AsyncFd::into_split`].
///
/// It implements the reading traits that `AsyncFd` implements. The fd is closed when both halves are
/// dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, ReadHalf};
/// use std::os::unix::net::UnixStream;
///
/// let (ours, _theirs) = UnixStream::pair()?;
/// let (read, write): (ReadHalf<UnixStream>, _) = AsyncFd::new(ours)?.into_split();
/// println!("watched by {}", read.as_ref().reactor().name());
/// let whole = read.reunite(write).expect("two halves of one");
/// # let _ = whole;
/// # Ok(())
/// # }
/// ```
pub struct ReadHalf<T: AsFd> {
    fd: Arc<AsyncFd<T>>,
}

/// The half that writes, of [`AsyncFd::into_split`].
///
/// It implements the writing traits that `AsyncFd` implements. **Dropped, it shuts down its direction** of a
/// socket, so that the peer reads the end of the stream, while the other half goes on reading. Pipes and
/// other fds have no halves in the kernel: they are closed when both halves are dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::AsyncFd;
/// use std::io::Read;
/// use std::os::unix::net::UnixStream;
///
/// let (ours, mut theirs) = UnixStream::pair()?;
/// let (_read, write) = AsyncFd::new(ours)?.into_split();
/// drop(write);
/// assert_eq!(theirs.read(&mut [0; 16])?, 0);
/// # Ok(())
/// # }
/// ```
pub struct WriteHalf<T: AsFd> {
    fd: Arc<AsyncFd<T>>,
    shut_down_on_drop: bool,
}

impl<T: AsFd> ReadHalf<T> {
    /// Makes one of the two halves again. Nothing is shut down.
    ///
    /// # Errors
    /// If the halves are not of one `AsyncFd`. The error gives both back.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let (read, write) = AsyncFd::new(ours)?.into_split();
    /// let (their_read, _their_write) = AsyncFd::new(theirs)?.into_split();
    /// let error = their_read.reunite(write).unwrap_err();
    /// let ours: AsyncFd<UnixStream> = read.reunite(error.1).expect("two halves of one");
    /// # let _ = ours;
    /// # Ok(())
    /// # }
    /// ```
    pub fn reunite(self, mut write: WriteHalf<T>) -> Result<AsyncFd<T>, ReuniteError<T>> {
        if !Arc::ptr_eq(&self.fd, &write.fd) {
            return Err(ReuniteError(self, write));
        }
        write.shut_down_on_drop = false;
        drop(write);
        Ok(Arc::into_inner(self.fd).expect("two halves are two references"))
    }

    #[cfg(any(feature = "futures-io", feature = "tokio", feature = "hyper"))]
    pub(super) fn watched(&self) -> &AsyncFd<T> {
        &self.fd
    }
}

impl<T: AsFd> WriteHalf<T> {
    #[cfg(any(feature = "futures-io", feature = "tokio", feature = "hyper"))]
    pub(super) fn watched(&self) -> &AsyncFd<T> {
        &self.fd
    }
}

impl<T: AsFd> AsRef<AsyncFd<T>> for ReadHalf<T> {
    fn as_ref(&self) -> &AsyncFd<T> {
        &self.fd
    }
}

impl<T: AsFd> AsRef<AsyncFd<T>> for WriteHalf<T> {
    fn as_ref(&self) -> &AsyncFd<T> {
        &self.fd
    }
}

impl<T: AsFd> Drop for WriteHalf<T> {
    fn drop(&mut self) {
        if self.shut_down_on_drop {
            let _ = shut_down(&*self.fd);
        }
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for ReadHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReadHalf").field(&self.fd).finish()
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for WriteHalf<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WriteHalf").field(&self.fd).finish()
    }
}

/// The halves are not of one `AsyncFd`: what [`ReadHalf::reunite`] says then, and gives them back.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, ReuniteError};
/// use std::os::unix::net::UnixStream;
///
/// let (ours, theirs) = UnixStream::pair()?;
/// let (read, _write) = AsyncFd::new(ours)?.into_split();
/// let (_their_read, their_write) = AsyncFd::new(theirs)?.into_split();
/// let ReuniteError(_read, _their_write) = read.reunite(their_write).unwrap_err();
/// # Ok(())
/// # }
/// ```
pub struct ReuniteError<T: AsFd>(pub ReadHalf<T>, pub WriteHalf<T>);

impl<T: AsFd> fmt::Display for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the two halves cannot be reunited: they are not of one AsyncFd")
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ReuniteError").field(&self.0).field(&self.1).finish()
    }
}

impl<T: AsFd + fmt::Debug> Error for ReuniteError<T> {}

/// Shuts down the writing direction of a socket. An fd without one has nothing to shut down, and that is no
/// error: a pipe, a socket that is not connected (any more), one of a kind that has no connection.
pub(super) fn shut_down(fd: &impl AsFd) -> io::Result<()> {
    match shutdown(fd, Shutdown::Write) {
        Ok(()) | Err(Errno::NOTSOCK | Errno::NOTCONN | Errno::OPNOTSUPP) => Ok(()),
        Err(err) => Err(err.into()),
    }
}
