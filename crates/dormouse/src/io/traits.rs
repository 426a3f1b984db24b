//! What the trait impls in [`futures_io`](super::futures_io), [`tokio_io`](super::tokio_io) and [`hyper`](super::hyper)
//! have in common. It is built on [`poll`](super::poll), and knows none of those traits.

use super::split::shut_down;
use super::{AsSource, AsyncFd, Interest, ReadHalf, WriteHalf};
use std::io::{self, ErrorKind, Write};
use std::task::{Context, Poll, ready};

// The same accessor for each type that implements the traits, so that one macro covers all of them.

impl<T: AsSource> AsyncFd<T> {
    pub(super) fn async_fd(&self) -> &AsyncFd<T> {
        self
    }
}

impl<T: AsSource> ReadHalf<T> {
    pub(super) fn async_fd(&self) -> &AsyncFd<T> {
        self.as_ref()
    }
}

impl<T: AsSource> WriteHalf<T> {
    pub(super) fn async_fd(&self) -> &AsyncFd<T> {
        self.as_ref()
    }
}

impl<T: AsSource> AsyncFd<T> {
    /// [`poll_read_with`](Self::poll_read_with) for `read`, which reads into a buffer that is not empty.
    pub(super) fn poll_read_stream(
        &self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        let read = |inner: &T, known| self.end_of_file(known, read(inner));
        self.poll_with(cx, Interest::READABLE, read)
    }

    /// Flushes the object's own buffer. The sockets, pipes and files of std have none.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        for<'a> &'a T: Write,
    {
        // Flush before waiting for writability: a socket with a full send buffer may have nothing to flush.
        match self.get_ref().flush() {
            Err(err) if is_retryable(&err) => self.poll_write_with(cx, |mut inner| inner.flush()),
            result => Poll::Ready(result),
        }
    }

    /// Flushes, and then shuts down the write direction.
    pub(super) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        for<'a> &'a T: Write,
    {
        ready!(self.poll_flush(cx))?;
        Poll::Ready(shut_down(self))
    }
}

fn is_retryable(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
