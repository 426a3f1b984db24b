//! `tokio::io::{AsyncRead, AsyncWrite}`, built on [`traits`](super::traits).
//!
//! Only the traits are tokio's: the impls work with every reactor and under every executor.

use super::{AsSource, AsyncFd, ReadHalf, WriteHalf, send};
use std::io::{self, IoSlice, Read, Write};
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

// The impls differ only in where the `AsyncFd` is.
macro_rules! impl_read {
    ($($reader:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "tokio-io")))]
        impl<T: AsSource> AsyncRead for $reader
        where
            for<'a> &'a T: Read,
        {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                if buf.remaining() == 0 {
                    return Poll::Ready(Ok(()));
                }
                let read = self
                    .async_fd()
                    .poll_read_stream(cx, |mut inner| inner.read(buf.initialize_unfilled()));
                read.map_ok(|read| buf.advance(read))
            }
        }
    )*};
}

macro_rules! impl_write {
    ($($writer:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "tokio-io")))]
        impl<T: AsSource> AsyncWrite for $writer
        where
            for<'a> &'a T: Write,
        {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                if buf.is_empty() {
                    return Poll::Ready(Ok(0));
                }
                self.async_fd().poll_write_with(cx, |inner| send::write(inner, buf))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                if bufs.iter().all(|buf| buf.is_empty()) {
                    return Poll::Ready(Ok(0));
                }
                self.async_fd().poll_write_with(cx, |inner| send::write_vectored(inner, bufs))
            }

            // `Write::is_write_vectored` is unstable in std, so it cannot be queried. If `T` does not override
            // `write_vectored`, it writes the first buffer that is not empty.
            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.async_fd().poll_flush(cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.async_fd().poll_close(cx)
            }
        }
    )*};
}

impl_read!(AsyncFd<T>, &AsyncFd<T>, ReadHalf<T>);
impl_write!(AsyncFd<T>, &AsyncFd<T>, WriteHalf<T>);
