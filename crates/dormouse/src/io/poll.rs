//! Poll-based reading and writing, which [`futures_io`](super::futures_io), [`tokio_io`](super::tokio_io)
//! and [`hyper`](super::hyper) build their trait impls on.
//!
//! This module knows neither those traits nor any kind of fd: the caller passes the operation.
//!
//! # Invariants
//! - `Pending` is returned only if `poll_ready` found no readiness and stored the caller's waker in the slot of
//!   the direction, or if the coop budget is spent and the task is woken (see [`coop`](crate::coop)). So readers and
//!   writers do not replace each other's wakers.
//! - Only an operation that returned `WouldBlock` clears readiness. A short read does not: a terminal
//!   returns one line at a time.
//! - `WouldBlock` and `Interrupted` are never returned to the caller, as the traits require.

use super::operation::WouldBlock;
use super::split::shut_down;
use super::{AsyncFd, ReadHalf, Ready, WriteHalf};
use crate::coop::poll_cooperative;
use crate::reactor::Direction;
use std::io::{self, ErrorKind, Write};
use std::os::fd::AsFd;
use std::task::{Context, Poll, ready};

// The same accessor for each type that implements the traits, so that one macro covers all of them.

impl<T: AsFd> AsyncFd<T> {
    pub(super) fn async_fd(&self) -> &AsyncFd<T> {
        self
    }
}

impl<T: AsFd> ReadHalf<T> {
    pub(super) fn async_fd(&self) -> &AsyncFd<T> {
        self.as_ref()
    }
}

impl<T: AsFd> WriteHalf<T> {
    pub(super) fn async_fd(&self) -> &AsyncFd<T> {
        self.as_ref()
    }
}

impl<T: AsFd> AsyncFd<T> {
    /// For `read`, which reads into a buffer that is not empty.
    pub(super) fn poll_read_with(
        &self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&T) -> io::Result<usize>,
    ) -> Poll<io::Result<usize>> {
        self.poll_with(Direction::Read, cx, |inner, known| self.end_of_file(known, read(inner)))
    }

    pub(super) fn poll_write_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_with(Direction::Write, cx, |inner, _| write(inner))
    }

    /// Calls `operation` with the readiness that is known, until it returns anything other than `WouldBlock`.
    fn poll_with<R>(
        &self,
        direction: Direction,
        cx: &mut Context<'_>,
        mut operation: impl FnMut(&T, Ready) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let mut retried = |inner: &T, known| loop {
            match operation(inner, known) {
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        };
        poll_cooperative(cx, |cx| {
            let mut tried = match self.try_first(direction.interest(), &mut retried) {
                Ok(result) => return Poll::Ready(result),
                Err(tried) => tried,
            };
            loop {
                let event = ready!(self.poll_ready(direction, tried, cx))?;
                match self.try_ready(event, &mut retried) {
                    Ok(result) => return Poll::Ready(result),
                    Err(WouldBlock) => tried = Some(event),
                }
            }
        })
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
