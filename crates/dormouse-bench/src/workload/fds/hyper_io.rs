//! hyper's `Read` and `Write` over any watched socket.
//!
//! One adapter for all peers, so that they differ in their reactors alone. It has no `unsafe`, so what is
//! read goes through a buffer of its own: a copy of some hundred bytes, which all pay.

use crate::fd_peer::Watched;
use hyper::rt::{Read, ReadBufCursor, Write};
use std::io;
use std::net::TcpStream;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

pub(super) struct Io<W> {
    socket: W,
    buffer: Box<[u8]>,
}

impl<W> Io<W> {
    pub(super) fn new(socket: W) -> Io<W> {
        // What hyper asks for at first.
        Io { socket, buffer: vec![0; 8 * 1024].into() }
    }
}

impl<W: Watched<TcpStream>> Read for Io<W> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut cursor: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let room = cursor.remaining().min(this.buffer.len());
        let read = ready!(this.socket.poll_read(cx, &mut this.buffer[..room]))?;
        cursor.put_slice(&this.buffer[..read]);
        Poll::Ready(Ok(()))
    }
}

impl<W: Watched<TcpStream>> Write for Io<W> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.get_mut().socket.poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    // Closed when it is dropped; there are no halves here.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
