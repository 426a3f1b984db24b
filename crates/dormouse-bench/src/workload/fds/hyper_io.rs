//! hyper's `Read` and `Write` over any registered socket.
//!
//! All peers use this adapter, so that only their reactors differ. It has no `unsafe`, so it reads into its own
//! buffer and copies: some hundred bytes, the same for all peers.

use crate::fd_peer::socket::Registered;
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
        // The size of hyper's first read.
        Io { socket, buffer: vec![0; 8 * 1024].into() }
    }
}

impl<W: Registered<TcpStream>> Read for Io<W> {
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

impl<W: Registered<TcpStream>> Write for Io<W> {
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

    // The socket is closed when it is dropped. It is not split into halves.
    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
