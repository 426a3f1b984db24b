//! `async_io::Async`, which wraps the sockets of std, as those of smol and async-std do.

use super::{ANY_PORT, NetPeer};
use crate::fd_peer::socket::Registered;
use async_io::Async;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};

pub(crate) struct AsyncIo;

impl NetPeer for AsyncIo {
    type Listener = Async<TcpListener>;
    type Stream = Async<TcpStream>;
    type Udp = Async<UdpSocket>;

    async fn listen() -> io::Result<(Async<TcpListener>, SocketAddr)> {
        let listener = Async::<TcpListener>::bind(ANY_PORT)?;
        let address = listener.get_ref().local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &Async<TcpListener>) -> io::Result<Async<TcpStream>> {
        listener.accept().await.map(|(stream, _)| stream)
    }

    async fn connect(to: SocketAddr) -> io::Result<Async<TcpStream>> {
        Async::<TcpStream>::connect(to).await
    }

    async fn read(stream: &mut Async<TcpStream>, buffer: &mut [u8]) -> io::Result<usize> {
        Registered::read(stream, buffer).await
    }

    async fn write(stream: &mut Async<TcpStream>, bytes: &[u8]) -> io::Result<usize> {
        Registered::write(stream, bytes).await
    }

    async fn bind_udp() -> io::Result<(Async<UdpSocket>, SocketAddr)> {
        let socket = Async::<UdpSocket>::bind(ANY_PORT)?;
        let address = socket.get_ref().local_addr()?;
        Ok((socket, address))
    }

    async fn connect_udp(socket: &Async<UdpSocket>, to: SocketAddr) -> io::Result<()> {
        socket.get_ref().connect(to)
    }

    async fn recv(socket: &mut Async<UdpSocket>, buffer: &mut [u8]) -> io::Result<usize> {
        socket.recv(buffer).await
    }

    async fn send(socket: &mut Async<UdpSocket>, bytes: &[u8]) -> io::Result<usize> {
        socket.send(bytes).await
    }

    async fn recv_from(
        socket: &mut Async<UdpSocket>,
        buffer: &mut [u8],
    ) -> io::Result<(usize, SocketAddr)> {
        socket.recv_from(buffer).await
    }

    async fn send_to(
        socket: &mut Async<UdpSocket>,
        bytes: &[u8],
        to: SocketAddr,
    ) -> io::Result<usize> {
        socket.send_to(bytes, to).await
    }
}
