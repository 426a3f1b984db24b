//! How the poll-style traits read and write: one loop, which [`futures_io`](super::futures_io),
//! [`tokio_io`](super::tokio_io) and [`hyper`](super::hyper) are written over.
//!
//! It knows no trait of theirs, and no kind of fd. What an operation is, the caller says.
//!
//! # Invariants
//! - `Pending` is returned only after the reactor has said that it knows of no readiness, and holds the
//!   caller's waker in the place of that direction. So readers and writers do not disturb each other.
//! - Readiness is cleared only by an operation that was seen to block. A short read proves nothing: a
//!   terminal gives a line at a time.
//! - `WouldBlock` and `Interrupted` stay in here, as the traits demand.

use super::AsyncFd;
use super::split::shut_down;
use crate::reactor::Direction;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::task::{Context, Poll, ready};

impl<T: AsFd> AsyncFd<T> {
    /// Itself; of a half, what it is a half of. The traits are implemented for all three alike.
    pub(super) fn watched(&self) -> &AsyncFd<T> {
        self
    }

    pub(super) fn poll_read_with<R>(
        &self,
        cx: &mut Context<'_>,
        read: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_with(Direction::Read, cx, read)
    }

    pub(super) fn poll_write_with<R>(
        &self,
        cx: &mut Context<'_>,
        write: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_with(Direction::Write, cx, write)
    }

    fn poll_with<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        loop {
            match self.try_io(direction.interest(), &mut operation) {
                Err(err) if err.kind() == ErrorKind::Interrupted => continue,
                Err(err) if err.kind() == ErrorKind::WouldBlock => {}
                done => return Poll::Ready(done),
            }
            drop(ready!(self.poll_ready(direction, cx))?);
        }
    }

    /// Flushes what the object itself may hold back; std's sockets, pipes and files hold back nothing.
    pub(super) fn poll_flush(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        for<'a> &'a T: Write,
    {
        // Tried before there is a wait: a socket whose buffer is full has nothing to flush all the same.
        match self.get_ref().flush() {
            Err(err) if is_not_yet(&err) => self.poll_write_with(cx, |mut inner| inner.flush()),
            done => Poll::Ready(done),
        }
    }

    /// Flushes, and then tells the peer that there is no more to come.
    pub(super) fn poll_close(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>>
    where
        for<'a> &'a T: Write,
    {
        ready!(self.poll_flush(cx))?;
        Poll::Ready(shut_down(self))
    }
}

fn is_not_yet(err: &io::Error) -> bool {
    matches!(err.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted)
}
