//! Reads of bytes, as [`operation`](super::operation) and [`poll`](super::poll) do them, and what the number of bytes
//! means: the end of a file or not ([`end_of_file`](super::end_of_file)), and, if it is less than the read asked for, that
//! a TCP stream has no more at present. All reads of the streams of `net` and of the traits end here, except `peek`.

use super::operation::try_now;
use super::{AsSource, AsyncFd, Interest};
use crate::reactor::ReadyEvent;
use std::future::Future;
use std::io::{self, ErrorKind, IoSliceMut};

impl<T: AsSource> AsyncFd<T> {
    /// [`async_io`](Self::async_io) for `read`, which asks for `asked` bytes, and not 0. What the end of the file is to
    /// the caller: see [`read`](Self::read).
    #[inline]
    pub(crate) fn async_read_with<F: FnMut(&T) -> io::Result<usize>>(
        &self,
        asked: usize,
        mut read: F,
    ) -> impl Future<Output = io::Result<usize>> + use<'_, T, F> {
        let read = move |inner: &T, event| self.finish_read(event, asked, read(inner));
        self.async_io_with(Interest::READABLE, read)
    }

    /// [`async_read_with`](Self::async_read_with), without waiting.
    pub(crate) fn try_read_with(
        &self,
        asked: usize,
        read: impl FnOnce(&T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut fd = self;
        try_now(&mut fd, Interest::READABLE, |fd, event| {
            fd.finish_read(event, asked, read(fd.get_ref()))
        })
    }

    /// What a read that was tried for `event`, and asked for `asked` bytes, returns to its caller.
    #[inline]
    pub(super) fn finish_read(
        &self,
        event: ReadyEvent,
        asked: usize,
        read: io::Result<usize>,
    ) -> io::Result<usize> {
        match read {
            Ok(0) if event.ready.is_empty() && self.has_no_writer_yet() => {
                return Err(ErrorKind::WouldBlock.into());
            }
            Ok(1..) if read.as_ref().is_ok_and(|&read| read < asked) => {
                self.registration.short_read(event);
            }
            _ => {}
        }
        read
    }
}

/// How many bytes readv(2) reads into `buffers` at most: it uses the first 1024.
pub(super) fn len_of_all(buffers: &[IoSliceMut<'_>]) -> usize {
    buffers.iter().take(1024).map(|buffer| buffer.len()).sum()
}
