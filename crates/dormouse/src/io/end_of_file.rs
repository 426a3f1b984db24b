//! Distinguishes a FIFO at its end of file from one that no writer has opened yet: read(2) returns 0 for both.
//!
//! poll(2) differs: it reports a hang-up only after a writer has closed the FIFO. Nothing is reported for a
//! FIFO without a writer, so a wait lasts until a writer has written or closed it.

use super::operation::try_now;
use super::{AsSource, AsyncFd, Interest, Ready};
use crate::source;
use std::future::Future;
use std::io;

impl<T: AsSource> AsyncFd<T> {
    /// [`async_io`](Self::async_io) for `read`, which reads into a buffer that is not empty.
    #[inline]
    pub(crate) fn async_read_with<F: FnMut(&T) -> io::Result<usize>>(
        &self,
        mut read: F,
    ) -> impl Future<Output = io::Result<usize>> + use<'_, T, F> {
        let read = move |inner: &T, known| self.end_of_file(known, read(inner));
        self.async_io_with(Interest::READABLE, read)
    }

    /// [`try_io`](Self::try_io) for `read`, which reads into a buffer that is not empty.
    pub(crate) fn try_read_with(
        &self,
        read: impl FnOnce(&T) -> io::Result<usize>,
    ) -> io::Result<usize> {
        let mut fd = self;
        try_now(&mut fd, Interest::READABLE, |fd, known| fd.end_of_file(known, read(fd.get_ref())))
    }

    /// The result of a read into a buffer that is not empty, or `WouldBlock` if no writer has opened the FIFO yet.
    ///
    /// `known` is the readiness that was known before the read: a writer has been there if there was any.
    #[inline]
    pub(super) fn end_of_file(&self, known: Ready, read: io::Result<usize>) -> io::Result<usize> {
        match read {
            Ok(0) if known.is_empty() && self.has_no_writer_yet() => {
                Err(io::ErrorKind::WouldBlock.into())
            }
            result => result,
        }
    }

    /// Called after a read has returned 0.
    ///
    /// A hang-up together with data is not the end of file: a writer has come, written and left since. And on other
    /// systems than Linux, the end of file may be reported as readable too. The wait that follows ends at once then, and
    /// the next read decides.
    #[cold]
    fn has_no_writer_yet(&self) -> bool {
        let is_fifo = source::is_fifo(source::borrow(self.get_ref()));
        let is_end = |now| now == Ready::READ_CLOSED;
        is_fifo && !self.registration.poll_now(Interest::READABLE).is_ok_and(is_end)
    }
}
