//! `tokio::io::{AsyncRead, AsyncWrite}`.
//!
//! Only the traits are tokio's: the impls work with every reactor and under every executor.

macro_rules! impl_read {
    ([$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "tokio-io")))]
        impl<$($generics)*> ::tokio::io::AsyncRead for $Type $(where $($bounds)*)? {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut ::tokio::io::ReadBuf<'_>,
            ) -> std::task::Poll<std::io::Result<()>> {
                $crate::io::HasAsyncFd::async_fd(&*self).poll_read_buf(cx, buf)
            }
        }
    };
}

macro_rules! impl_write {
    ([$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "tokio-io")))]
        impl<$($generics)*> ::tokio::io::AsyncWrite for $Type $(where $($bounds)*)? {
            crate::io::traits::write_methods!(poll_shutdown is_write_vectored);
        }
    };
}

pub(crate) use {impl_read, impl_write};

use crate::io::{AsSource, AsyncFd, socket};
use std::io::{self, Read};
use std::task::{Context, Poll};
use tokio::io::ReadBuf;

impl<T: AsSource> AsyncFd<T>
where
    for<'a> &'a T: Read,
{
    #[inline]
    pub(crate) fn poll_read_buf(
        &self,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buf.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let asked = buf.remaining();
        let read = |inner: &T| socket::read(inner, buf.initialize_unfilled());
        let read = self.poll_read_stream(cx, asked, read);
        read.map_ok(|read| buf.advance(read))
    }
}
