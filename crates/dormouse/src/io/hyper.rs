//! `hyper::rt::{Read, Write}`, over [`poll`](super::poll).
//!
//! hyper hands out memory that may not be initialized, which only `unsafe` code can read into directly. So
//! what is read goes through a buffer on the stack. Clearing and copying it takes some 0.1 us, beside a system
//! call that takes several times as long.

use super::{AsyncFd, ReadHalf, WriteHalf};
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io::{self, IoSlice};
use std::os::fd::AsFd;
use std::pin::Pin;
use std::task::{Context, Poll};

/// As much as hyper asks for at first.
const CHUNK_BYTES: usize = 8 * 1024;

fn read_into(mut inner: impl io::Read, cursor: &mut ReadBufCursor<'_>) -> io::Result<()> {
    let mut buffer = [0; CHUNK_BYTES];
    let room = cursor.remaining().min(CHUNK_BYTES);
    let read = inner.read(&mut buffer[..room])?;
    cursor.put_slice(&buffer[..read]);
    Ok(())
}

// What differs between the types is only where the AsyncFd is.
macro_rules! impl_read {
    ($($reader:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
        impl<T: AsFd> Read for $reader
        where
            for<'a> &'a T: io::Read,
        {
            fn poll_read(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                mut buf: ReadBufCursor<'_>,
            ) -> Poll<io::Result<()>> {
                self.watched().poll_read_with(cx, |inner| read_into(inner, &mut buf))
            }
        }
    )*};
}

macro_rules! impl_write {
    ($($writer:ty),*) => {$(
        #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
        impl<T: AsFd> Write for $writer
        where
            for<'a> &'a T: io::Write,
        {
            fn poll_write(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                buf: &[u8],
            ) -> Poll<io::Result<usize>> {
                use io::Write as _;
                self.watched().poll_write_with(cx, |mut inner| inner.write(buf))
            }

            fn poll_write_vectored(
                self: Pin<&mut Self>,
                cx: &mut Context<'_>,
                bufs: &[IoSlice<'_>],
            ) -> Poll<io::Result<usize>> {
                use io::Write as _;
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
