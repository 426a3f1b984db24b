//! The read half and the write half of an [`AsyncFd`].
//!
//! Both own the `AsyncFd`, through the references of [`halves`](super::halves). The `AsyncFd` stores one waker for each
//! direction, so the halves can wait in two tasks.

use super::halves::{HasAsyncFd, ReadRef, WriteRef, split};
use super::{AsSource, AsyncFd};
use crate::source::impl_as_source;
use std::error::Error;
use std::fmt;

impl<T: AsSource> HasAsyncFd for AsyncFd<T> {
    type Source = T;

    #[inline(always)]
    fn async_fd(&self) -> &AsyncFd<T> {
        self
    }
}

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
    pub fn into_split(self) -> (OwnedReadHalf<T>, OwnedWriteHalf<T>) {
        let (read, write) = split(self);
        (OwnedReadHalf(read), OwnedWriteHalf(write))
    }
}

/// The read half, returned by [`AsyncFd::into_split`].
///
/// It implements the read traits that `AsyncFd` implements. The fd is closed when both halves are dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, OwnedReadHalf};
/// use std::os::unix::net::UnixStream;
///
/// let (stream, _peer) = UnixStream::pair()?;
/// let (read, write): (OwnedReadHalf<UnixStream>, _) = AsyncFd::new(stream)?.into_split();
/// println!("reactor: {}", read.as_ref().reactor().name());
/// let stream = read.reunite(write).expect("halves of one AsyncFd");
/// # let _ = stream;
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct OwnedReadHalf<T: AsSource>(ReadRef<AsyncFd<T>>);

/// The write half, returned by [`AsyncFd::into_split`].
///
/// It implements the write traits that `AsyncFd` implements. **Dropping it shuts down the write direction** of a
/// socket: the peer reads end of file, and the read half can still read. (In the child of a fork, dropping an inherited
/// half only closes the copy of the child.) Pipes and other fds do not support shutdown: they are closed when both halves
/// are dropped.
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
#[derive(Debug)]
pub struct OwnedWriteHalf<T: AsSource>(WriteRef<AsyncFd<T>>);

impl<T: AsSource> OwnedReadHalf<T> {
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
    pub fn reunite(self, write: OwnedWriteHalf<T>) -> Result<AsyncFd<T>, ReuniteError<T>> {
        self.0
            .reunite(write.0)
            .map_err(|(read, write)| ReuniteError(OwnedReadHalf(read), OwnedWriteHalf(write)))
    }
}

impl<T: AsSource> OwnedWriteHalf<T> {
    /// Puts the two halves back together, like [`OwnedReadHalf::reunite`].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (stream, _peer) = UnixStream::pair()?;
    /// let (read, write) = AsyncFd::new(stream)?.into_split();
    /// let stream = write.reunite(read).expect("halves of one AsyncFd");
    /// # let _ = stream;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the halves belong to different `AsyncFd`s. The error contains both.
    pub fn reunite(self, read: OwnedReadHalf<T>) -> Result<AsyncFd<T>, ReuniteError<T>> {
        read.reunite(self)
    }

    /// Drops the half without shutting down the write direction.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::{ErrorKind, Read};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (stream, mut peer) = UnixStream::pair()?;
    /// peer.set_nonblocking(true)?;
    /// let (_read, write) = AsyncFd::new(stream)?.into_split();
    /// write.forget();
    /// assert_eq!(peer.read(&mut [0; 16]).unwrap_err().kind(), ErrorKind::WouldBlock);
    /// # Ok(())
    /// # }
    /// ```
    pub fn forget(self) {
        self.0.forget();
    }
}

macro_rules! half {
    ($Half:ident) => {
        impl<T: AsSource> HasAsyncFd for $Half<T> {
            type Source = T;

            #[inline(always)]
            fn async_fd(&self) -> &AsyncFd<T> {
                &self.0
            }
        }

        impl<T: AsSource> AsRef<AsyncFd<T>> for $Half<T> {
            fn as_ref(&self) -> &AsyncFd<T> {
                &self.0
            }
        }

        impl_as_source!([T: AsSource] $Half<T>, half => half.as_ref());
    };
}

half!(OwnedReadHalf);
half!(OwnedWriteHalf);

/// The error of [`OwnedReadHalf::reunite`]: the halves, which belong to different [`AsyncFd`]s.
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
#[derive(Debug)]
pub struct ReuniteError<T: AsSource>(pub OwnedReadHalf<T>, pub OwnedWriteHalf<T>);

impl<T: AsSource> fmt::Display for ReuniteError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tried to reunite halves that are not of one AsyncFd")
    }
}

impl<T: AsSource + fmt::Debug> Error for ReuniteError<T> {}
