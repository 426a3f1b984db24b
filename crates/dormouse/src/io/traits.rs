//! The traits for asynchronous reading and writing of other crates: each has a module here, which its feature selects.
//!
//! `impl_read!` and `impl_write!` implement the traits of all features that are on, for a [`HasAsyncFd`]. Their
//! methods call functions of [`AsyncFd`], which are built on [`poll`](super::poll).

/// `impl_read!([T: AsSource] AsyncFd<T> where for<'a> &'a T: Read)`: the generic parameters, the type, the bounds.
macro_rules! impl_read {
    ($($type:tt)*) => {
        $crate::io::traits::futures_io::impl_read!($($type)*);
        $crate::io::traits::tokio_io::impl_read!($($type)*);
        $crate::io::traits::hyper::impl_read!($($type)*);
    };
}

/// Like `impl_read!`.
macro_rules! impl_write {
    ($($type:tt)*) => {
        $crate::io::traits::futures_io::impl_write!($($type)*);
        $crate::io::traits::tokio_io::impl_write!($($type)*);
        $crate::io::traits::hyper::impl_write!($($type)*);
    };
}

/// The methods of a trait for writing. `$poll_close` is the name of the last one.
macro_rules! write_methods {
    ($poll_close:ident) => {
        #[inline]
        fn poll_write(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            buf: &[u8],
        ) -> std::task::Poll<std::io::Result<usize>> {
            $crate::io::HasAsyncFd::async_fd(&*self).poll_write(cx, buf)
        }

        #[inline]
        fn poll_write_vectored(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
            bufs: &[std::io::IoSlice<'_>],
        ) -> std::task::Poll<std::io::Result<usize>> {
            $crate::io::HasAsyncFd::async_fd(&*self).poll_write_vectored(cx, bufs)
        }

        fn poll_flush(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            $crate::io::HasAsyncFd::async_fd(&*self).poll_flush(cx)
        }

        fn $poll_close(
            self: std::pin::Pin<&mut Self>,
            cx: &mut std::task::Context<'_>,
        ) -> std::task::Poll<std::io::Result<()>> {
            $crate::io::HasAsyncFd::async_fd(&*self).poll_close(cx)
        }
    };
    ($poll_close:ident is_write_vectored) => {
        $crate::io::traits::write_methods!($poll_close);

        // `Write::is_write_vectored` is unstable in std, so it cannot be queried. An object that does not override
        // `write_vectored` writes the first buffer that is not empty.
        fn is_write_vectored(&self) -> bool {
            true
        }
    };
}

pub(crate) use {impl_read, impl_write, write_methods};

// absent.rs stands for each feature that is off.
#[allow(clippy::duplicate_mod)]
#[cfg_attr(not(feature = "futures-io"), path = "traits/absent.rs")]
pub(crate) mod futures_io;
#[allow(clippy::duplicate_mod)]
#[cfg_attr(not(feature = "hyper"), path = "traits/absent.rs")]
pub(crate) mod hyper;
#[allow(clippy::duplicate_mod)]
#[cfg_attr(any(not(feature = "tokio-io"), loom), path = "traits/absent.rs")]
pub(crate) mod tokio_io;

use super::halves::shut_down;
use super::{AsSource, AsyncFd, Interest, OwnedReadHalf, OwnedWriteHalf, socket};
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::task::{Context, Poll, ready};

impl_read!([T: AsSource] AsyncFd<T> where for<'a> &'a T: Read);
impl_read!([T: AsSource] &AsyncFd<T> where for<'a> &'a T: Read);
impl_read!([T: AsSource] OwnedReadHalf<T> where for<'a> &'a T: Read);
impl_write!([T: AsSource] AsyncFd<T> where for<'a> &'a T: Write);
impl_write!([T: AsSource] &AsyncFd<T> where for<'a> &'a T: Write);
impl_write!([T: AsSource] OwnedWriteHalf<T> where for<'a> &'a T: Write);

impl<T: AsSource> AsyncFd<T> {
    /// [`poll_read_with`](Self::poll_read_with) for `read`, which asks for `asked` bytes, and not 0.
    pub(super) fn poll_read_stream(
        &self,
        cx: &mut Context<'_>,
        asked: usize,
        mut read: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let read = |inner: &T, event| self.finish_read(event, asked, read(inner));
        self.poll_with(cx, Interest::READABLE, read)
    }
}

impl<T: AsSource> AsyncFd<T>
where
    for<'a> &'a T: Write,
{
    #[inline]
    pub(crate) fn poll_write(&self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.poll_write_with(cx, |inner| socket::write(inner, buf))
    }

    #[inline]
    pub(crate) fn poll_write_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.poll_write_with(cx, |inner| socket::write_vectored(inner, bufs))
    }

    /// Flushes the object's own buffer. The sockets, pipes and files of std have none.
    pub(crate) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // Flush before waiting for writability: a socket with a full send buffer may have nothing to flush.
        match self.get_ref().flush() {
            Err(err) if is_retryable(&err) => self.poll_write_with(cx, |mut inner| inner.flush()),
            result => Poll::Ready(result),
        }
    }

    /// Flushes, and then shuts down the write direction.
    pub(crate) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_flush(cx))?;
        Poll::Ready(shut_down(self))
    }
}

fn is_retryable(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
