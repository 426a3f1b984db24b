//! `hyper::rt::{Read, Write}`.
//!
//! hyper passes a buffer that may be uninitialized. Reading into it directly takes `unsafe` code, so a read goes
//! through a buffer on the stack. Measured on a pair of Unix sockets: a write and a read of up to 4 KiB take 2 to
//! 4 us of CPU time, and the cost of zeroing and copying is within the noise; 64 KiB take 14 us instead of 11.

macro_rules! impl_read {
    ([$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
        impl<$($generics)*> ::hyper::rt::Read for $Type $(where $($bounds)*)? {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: ::hyper::rt::ReadBufCursor<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                $crate::io::HasAsyncFd::async_fd(&*self).poll_read_cursor(cx, buf)
            }
        }
    };
}

macro_rules! impl_write {
    ([$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "hyper")))]
        impl<$($generics)*> ::hyper::rt::Write for $Type $(where $($bounds)*)? {
            crate::io::traits::write_methods!(poll_shutdown is_write_vectored);
        }
    };
}

pub(crate) use {impl_read, impl_write};

use crate::io::{AsSource, AsyncFd, socket};
use hyper::rt::ReadBufCursor;
use std::io::{self, Read};
use std::task::{Context, Poll};

/// Twice the size of hyper's first reads. With 8 KiB, long bodies are slower because of more system calls; with
/// 32 KiB, short bodies are slower because of zeroing.
const CHUNK_BYTES: usize = 16 * 1024;

impl<T: AsSource> AsyncFd<T>
where
    for<'a> &'a T: Read,
{
    #[inline]
    pub(crate) fn poll_read_cursor(
        &self,
        cx: &mut Context<'_>,
        mut buf: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let asked = buf.remaining().min(CHUNK_BYTES);
        self.poll_read_stream(cx, asked, |inner| read_into(inner, &mut buf)).map_ok(drop)
    }
}

fn read_into<T: AsSource>(inner: &T, cursor: &mut ReadBufCursor<'_>) -> io::Result<usize>
where
    for<'a> &'a T: Read,
{
    let mut buffer = [0; CHUNK_BYTES];
    let len = cursor.remaining().min(CHUNK_BYTES);
    let read = socket::read(inner, &mut buffer[..len])?;
    cursor.put_slice(&buffer[..read]);
    Ok(read)
}
