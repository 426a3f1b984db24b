//! Operations on an [`AsyncFd`] as `poll_*` functions, for hand-written futures and implementations of I/O traits.
//!
//! This module knows no traits and no kind of fd: the caller passes the operation. The traits of this crate are built on
//! it in [`traits`](super::traits).
//!
//! # Invariants
//! - `Pending` is returned only if `poll_ready` found no readiness and stored the caller's waker in the slot of
//!   the interest, or if the coop budget is spent and the task is woken (see [`coop`](crate::coop)). So readers and
//!   writers do not replace each other's wakers.
//! - Only an operation that returned `WouldBlock` clears readiness, and a short read from a TCP stream
//!   ([`read`](super::read)). Another short read does not: a terminal returns one line at a time.
//! - `WouldBlock` and `Interrupted` are never returned to the caller, as the traits require.

use super::operation::{WouldBlock, try_first, try_ready};
use super::{AsSource, AsyncFd, Interest};
use crate::coop::poll_cooperative;
use crate::reactor::ReadyEvent;
use std::io::{self, ErrorKind};
use std::task::{Context, Poll, ready};

impl<T: AsSource> AsyncFd<T> {
    /// Polls a read, for use in a manual `Future` or `AsyncRead` impl: `read` is called, and again whenever the fd has
    /// become readable, until it returns anything other than `WouldBlock` or `Interrupted`.
    ///
    /// Only the last task that called this method, [`poll_read_ready`](Self::poll_read_ready) or a trait's `poll_read` is
    /// woken. To read from several tasks, use [`async_io`](Self::async_io).
    ///
    /// As with `async_io`, `read` must do one operation on the fd, and is tried before the first wait. What it returns is
    /// not interpreted otherwise.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::future::poll_fn;
    /// use std::io;
    /// use std::net::{SocketAddr, UdpSocket};
    /// use std::task::{Context, Poll};
    ///
    /// struct Service {
    ///     socket: AsyncFd<UdpSocket>,
    ///     buffer: [u8; 1500],
    /// }
    ///
    /// impl Service {
    ///     fn poll_request(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<(usize, SocketAddr)>> {
    ///         let buffer = &mut self.buffer;
    ///         self.socket.poll_read_with(cx, |socket| socket.recv_from(buffer))
    ///     }
    /// }
    ///
    /// let socket = AsyncFd::new(UdpSocket::bind("127.0.0.1:0")?)?;
    /// UdpSocket::bind("127.0.0.1:0")?.send_to(b"ping", socket.get_ref().local_addr()?)?;
    /// let mut service = Service { socket, buffer: [0; 1500] };
    /// let (length, _) = dormouse::block_on(poll_fn(|cx| service.poll_request(cx)))?;
    /// assert_eq!(&service.buffer[..length], b"ping");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `read`, except `WouldBlock` and `Interrupted`. If no reactor can register the fd: see
    /// [the type](Self#errors).
    #[doc(alias = "poll_readable")]
    pub fn poll_read_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut read: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_with(cx, Interest::READABLE, |inner, _| read(inner))
    }

    /// Polls a write, for use in a manual `Future` or `AsyncWrite` impl: `write` is called, and again whenever the fd has
    /// become writable, until it returns anything other than `WouldBlock` or `Interrupted`.
    ///
    /// Only the last task that called this method, [`poll_write_ready`](Self::poll_write_ready) or a trait's `poll_write`
    /// is woken. To write from several tasks, use [`async_io`](Self::async_io).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::future::poll_fn;
    /// use std::io::Write;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let writer = AsyncFd::new(writer)?;
    /// let write = poll_fn(|cx| writer.poll_write_with(cx, |mut fd| fd.write(b"hello")));
    /// assert_eq!(dormouse::block_on(write)?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `write`, except `WouldBlock` and `Interrupted`. If no reactor can register the fd: see
    /// [the type](Self#errors).
    #[doc(alias = "poll_writable")]
    pub fn poll_write_with<R>(
        &self,
        cx: &mut Context<'_>,
        mut write: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_with(cx, Interest::WRITABLE, |inner, _| write(inner))
    }

    /// Polls an operation of any kind, for use in a manual `Future` impl: `f` is called, and again whenever the fd has
    /// become ready for a part of `interest`, until it returns anything other than `WouldBlock` or `Interrupted`.
    ///
    /// Only the last task that called this method with the same interest is woken. For [`READABLE`](Interest::READABLE) it
    /// is the same as [`poll_read_with`](Self::poll_read_with), for [`WRITABLE`](Interest::WRITABLE) the same as
    /// [`poll_write_with`](Self::poll_write_with).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::future::poll_fn;
    /// use std::io::ErrorKind;
    ///
    /// // Wait for an error condition, and for nothing else.
    /// let (reader, writer) = rustix::pipe::pipe()?;
    /// let writer = AsyncFd::new(writer)?;
    /// drop(reader);
    /// let error = poll_fn(|cx| {
    ///     writer.poll_io(cx, Interest::ERROR, |writer| Ok(rustix::io::write(writer, b"x")?))
    /// });
    /// assert_eq!(dormouse::block_on(error).unwrap_err().kind(), ErrorKind::BrokenPipe);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `f`, except `WouldBlock` and `Interrupted`. If no reactor can register the fd: see
    /// [the type](Self#errors).
    pub fn poll_io<R>(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
        mut f: impl FnMut(&T) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        self.poll_with(cx, interest, |inner, _| f(inner))
    }

    /// Calls `operation` with the event that it is tried for, until it returns anything other than `WouldBlock`.
    pub(super) fn poll_with<R>(
        &self,
        cx: &mut Context<'_>,
        interest: Interest,
        mut operation: impl FnMut(&T, ReadyEvent) -> io::Result<R>,
    ) -> Poll<io::Result<R>> {
        let mut retried = |inner: &T, event| loop {
            match operation(inner, event) {
                Err(err) if err.kind() == ErrorKind::Interrupted => {}
                result => return result,
            }
        };
        poll_cooperative(cx, |cx| {
            let mut fd = self;
            let mut call = |fd: &mut &Self, event| retried(fd.get_ref(), event);
            let mut tried = match try_first(&mut fd, interest, &mut call) {
                Ok(result) => return Poll::Ready(result),
                Err(tried) => tried,
            };
            loop {
                let event = ready!(self.poll_ready(interest, tried, cx))?;
                match try_ready(&mut fd, event, &mut call) {
                    Ok(result) => return Poll::Ready(result),
                    Err(WouldBlock) => tried = Some(event),
                }
            }
        })
    }
}
