//! `dormouse::net`, on the reactor of the executor that it runs on.

use super::{ANY_PORT, NetPeer};
use dormouse::net::{TcpListener, TcpStream, UdpSocket};
use std::io;
use std::net::SocketAddr;

pub(crate) struct Dormouse;

impl NetPeer for Dormouse {
    type Listener = TcpListener;
    type Stream = TcpStream;
    type Udp = UdpSocket;

    async fn listen() -> io::Result<(TcpListener, SocketAddr)> {
        let listener = TcpListener::bind(ANY_PORT).await?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    }

    async fn accept(listener: &TcpListener) -> io::Result<TcpStream> {
        listener.accept().await.map(|(stream, _)| stream)
    }

    async fn connect(to: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(to).await
    }

    async fn read(stream: &mut TcpStream, buffer: &mut [u8]) -> io::Result<usize> {
        stream.read(buffer).await
    }

    async fn write(stream: &mut TcpStream, bytes: &[u8]) -> io::Result<usize> {
        stream.write(bytes).await
    }

    async fn bind_udp() -> io::Result<(UdpSocket, SocketAddr)> {
        let socket = UdpSocket::bind(ANY_PORT).await?;
        let address = socket.local_addr()?;
        Ok((socket, address))
    }

    async fn connect_udp(socket: &UdpSocket, to: SocketAddr) -> io::Result<()> {
        socket.connect(to).await
    }

    async fn recv(socket: &mut UdpSocket, buffer: &mut [u8]) -> io::Result<usize> {
        socket.recv(buffer).await
    }

    async fn send(socket: &mut UdpSocket, bytes: &[u8]) -> io::Result<usize> {
        socket.send(bytes).await
    }

    async fn recv_from(
        socket: &mut UdpSocket,
        buffer: &mut [u8],
    ) -> io::Result<(usize, SocketAddr)> {
        socket.recv_from(buffer).await
    }

    async fn send_to(socket: &mut UdpSocket, bytes: &[u8], to: SocketAddr) -> io::Result<usize> {
        socket.send_to(bytes, to).await
    }
}
