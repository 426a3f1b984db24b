//! `hyper::rt::{Read, Write}`, built on [`traits`](super::traits).
//!
//! hyper passes a buffer that may be uninitialized. Reading into it directly takes `unsafe` code, so a read goes
//! through a buffer on the stack. Measured on a pair of Unix sockets: a write and a read of up to 4 KiB take 2 to
//! 4 us of CPU time, and the cost of zeroing and copying is within the noise; 64 KiB take 14 us instead of 11.

use super::{AsSource, AsyncFd, ReadHalf, WriteHalf, send};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Twice the size of hyper's first reads. With 8 KiB, long bodies are slower because of more system calls; with
/// 32 KiB, short bodies are slower because of zeroing.
const CHUNK_BYTES: usize = 16 * 1024;

fn read_into(mut inner: impl io::Read, cursor: &mut ReadBufCursor<'_>) -> io::Result<usize> {
    let mut buffer = [0; CHUNK_BYTES];
    let len = cursor.remaining().min(CHUNK_BYTES);
    let read = inner.read(&mut buffer[..len])?;
    cursor.put_slice(&buffer[..read]);
    Ok(read)
}

// The impls differ only in where the `AsyncFd` is.
macro_rules! impl_read {
    ($($reader:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
        impl<T: AsSource> Read for $reader
        where
            for<'a> &'a T: io::Read,
        {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                mut buf: ReadBufCursor<'_>,
            ) -> Poll<io::Result<()>> {
                if buf.remaining() == 0 {
                    return Poll::Ready(Ok(()));
                }
                let read = self.async_fd().poll_read_stream(cx, |inner| read_into(inner, &mut buf));
                read.map_ok(drop)
            }
        }
    )*};
}

macro_rules! impl_write {
    ($($writer:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
        impl<T: AsSource> Write for $writer
        where
            for<'a> &'a T: io::Write,
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
