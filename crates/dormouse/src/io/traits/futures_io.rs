//! `futures_io::{AsyncRead, AsyncWrite}`.

macro_rules! impl_read {
    ([$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "futures-io")))]
        impl<$($generics)*> ::futures_io::AsyncRead for $Type $(where $($bounds)*)? {
            #[inline]
            fn poll_read(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                buf: &mut [u8],
            ) -> std::task::Poll<std::io::Result<usize>> {
                $crate::io::HasAsyncFd::async_fd(&*self).poll_read(cx, buf)
            }

            #[inline]
            fn poll_read_vectored(
                self: std::pin::Pin<&mut Self>,
                cx: &mut std::task::Context<'_>,
                bufs: &mut [std::io::IoSliceMut<'_>],
            ) -> std::task::Poll<std::io::Result<usize>> {
                $crate::io::HasAsyncFd::async_fd(&*self).poll_read_vectored(cx, bufs)
            }
        }
    };
}

macro_rules! impl_write {
    ([$($generics:tt)*] $Type:ty $(where $($bounds:tt)*)?) => {
        #[cfg_attr(docsrs, doc(cfg(feature = "futures-io")))]
        impl<$($generics)*> ::futures_io::AsyncWrite for $Type $(where $($bounds)*)? {
            crate::io::traits::write_methods!(poll_close);
        }
    };
}

pub(crate) use {impl_read, impl_write};

use crate::io::read::len_of_all;
use crate::io::{AsSource, AsyncFd, socket};
use std::io::{self, IoSliceMut, Read};
use std::task::{Context, Poll};

impl<T: AsSource> AsyncFd<T>
where
    for<'a> &'a T: Read,
{
    #[inline]
    pub(crate) fn poll_read(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buf.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.poll_read_stream(cx, buf.len(), |inner| socket::read(inner, buf))
    }

    #[inline]
    pub(crate) fn poll_read_vectored(
        &self,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        if bufs.iter().all(|buf| buf.is_empty()) {
            return Poll::Ready(Ok(0));
        }
        self.poll_read_stream(cx, len_of_all(bufs), |mut inner| inner.read_vectored(bufs))
    }
}
