//! The TCP streams, used as their documentation recommends.

use std::future::{Future, poll_fn};
use std::io::{self, Read, Write};
use std::net;
use std::pin::Pin;
use std::task::ready;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// A TCP stream that is registered with a reactor.
pub(crate) trait Stream: Sized + Send + 'static {
    /// Registers a non-blocking socket. Must be called in the context of the executor.
    fn register(socket: net::TcpStream) -> io::Result<Self>;

    fn read(&mut self, buffer: &mut [u8]) -> impl Future<Output = io::Result<usize>> + Send;
    fn write(&mut self, bytes: &[u8]) -> impl Future<Output = io::Result<usize>> + Send;
}

impl Stream for dormouse::net::TcpStream {
    fn register(socket: net::TcpStream) -> io::Result<Self> {
        dormouse::net::TcpStream::from_std(socket)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        dormouse::net::TcpStream::read(self, buffer).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        dormouse::net::TcpStream::write(self, bytes).await
    }
}

impl Stream for tokio::net::TcpStream {
    fn register(socket: net::TcpStream) -> io::Result<Self> {
        tokio::net::TcpStream::from_std(socket)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut buffer = ReadBuf::new(buffer);
        poll_fn(|cx| {
            ready!(Pin::new(&mut *self).poll_read(cx, &mut buffer))?;
            Ok(buffer.filled().len()).into()
        })
        .await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        poll_fn(|cx| Pin::new(&mut *self).poll_write(cx, bytes)).await
    }
}

impl Stream for async_io::Async<net::TcpStream> {
    fn register(socket: net::TcpStream) -> io::Result<Self> {
        async_io::Async::new_nonblocking(socket)
    }

    async fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.read_with(|mut socket| socket.read(buffer)).await
    }

    async fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_with(|mut socket| socket.write(bytes)).await
    }
}
