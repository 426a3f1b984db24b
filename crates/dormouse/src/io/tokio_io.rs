//! `tokio::io::{AsyncRead, AsyncWrite}`, over [`poll`](super::poll).
//!
//! Only the traits are tokio's. Whatever reactor watches the fd, and whatever executor polls it, they work.

use super::{AsyncFd, ReadHalf, WriteHalf};
use std::io::{self, IoSlice, Read, Write};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

// What differs between the types is only where the AsyncFd is.
macro_rules! impl_read {
    ($($reader:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
        impl<T: AsFd> AsyncRead for $reader
        where
            for<'a> &'a T: Read,
        {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &mut ReadBuf<'_>,
            ) -> Poll<io::Result<()>> {
                self.watched().poll_read_with(cx, |mut inner| {
                    let read = inner.read(buf.initialize_unfilled())?;
                    buf.advance(read);
                    Ok(())
                })
            }
        }
    )*};
}

macro_rules! impl_write {
    ($($writer:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "tokio")))]
        impl<T: AsFd> AsyncWrite for $writer
        where
            for<'a> &'a T: Write,
        {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                self.watched().poll_write_with(cx, |mut inner| inner.write(buf))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                self.watched().poll_write_with(cx, |mut inner| inner.write_vectored(bufs))
            }

            // std cannot be asked about T. What has no vectored write of its own writes the first buffer.
            fn is_write_vectored(&self) -> bool {
                true
            }

            fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.watched().poll_flush(cx)
            }

            fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
                self.watched().poll_close(cx)
            }
        }
    )*};
}

impl_read!(AsyncFd<T>, &AsyncFd<T>, ReadHalf<T>);
impl_write!(AsyncFd<T>, &AsyncFd<T>, WriteHalf<T>);
