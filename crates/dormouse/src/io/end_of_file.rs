//! Distinguishes a FIFO at its end of file from one that no writer has opened yet: read(2) returns 0 for both.
//!
//! poll(2) differs: it reports a hang-up only after a writer has closed the FIFO. Nothing is reported for a
//! FIFO without a writer, so a wait lasts until a writer has written or closed it.

use super::{AsSource, AsyncFd, Interest, Ready};
use crate::source;

impl<T: AsSource> AsyncFd<T> {
    /// Whether a read that has returned 0 has to wait for a writer.
    #[cold]
    pub(super) fn has_no_writer_yet(&self) -> bool {
        let is_fifo = source::is_fifo(source::borrow(self.get_ref()));
        let is_end = |now| now == Ready::READ_CLOSED;
        is_fifo && !self.registration.poll_now(Interest::READABLE).is_ok_and(is_end)
    }
}
