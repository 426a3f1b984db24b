//! `monoio::net`.

use super::owned::Owned;
use super::{ANY_PORT, NetPeer};
use monoio::io::{AsyncReadRent, AsyncWriteRent};
use monoio::net::udp::UdpSocket;
use monoio::net::{TcpListener, TcpStream};
use send_wrapper::SendWrapper;
use std::future::Future;
use std::io;
use std::net::SocketAddr;

pub(crate) struct Monoio;

impl NetPeer for Monoio {
    type Listener = SendWrapper<TcpListener>;
    type Stream = SendWrapper<Owned<TcpStream>>;
    type Udp = SendWrapper<Owned<UdpSocket>>;

    fn listen() -> impl Future<Output = io::Result<(SendWrapper<TcpListener>, SocketAddr)>> + Send {
        SendWrapper::new(async move {
            let listener = TcpListener::bind(ANY_PORT)?;
            let address = listener.local_addr()?;
            Ok((SendWrapper::new(listener), address))
        })
    }

    fn accept(
        listener: &SendWrapper<TcpListener>,
    ) -> impl Future<Output = io::Result<SendWrapper<Owned<TcpStream>>>> + Send {
        SendWrapper::new(async move {
            listener.accept().await.map(|(stream, _)| SendWrapper::new(Owned::new(stream)))
        })
    }

    fn connect(
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<SendWrapper<Owned<TcpStream>>>> + Send {
        SendWrapper::new(async move {
            TcpStream::connect_addr(to).await.map(|stream| SendWrapper::new(Owned::new(stream)))
        })
    }

    fn read(
        stream: &mut SendWrapper<Owned<TcpStream>>,
        to: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move {
            let buffer = stream.take_empty();
            let (read, buffer) = stream.socket.read(buffer).await;
            let count = read?;
            stream.copy_and_put_back(buffer, to, count);
            Ok(count)
        })
    }

    fn write(
        stream: &mut SendWrapper<Owned<TcpStream>>,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move {
            let buffer = stream.take_filled(bytes);
            let (written, buffer) = stream.socket.write(buffer).await;
            stream.put_back(buffer);
            written
        })
    }

    fn bind_udp()
    -> impl Future<Output = io::Result<(SendWrapper<Owned<UdpSocket>>, SocketAddr)>> + Send {
        SendWrapper::new(async move {
            let socket = UdpSocket::bind(ANY_PORT)?;
            let address = socket.local_addr()?;
            Ok((SendWrapper::new(Owned::new(socket)), address))
        })
    }

    fn connect_udp(
        socket: &SendWrapper<Owned<UdpSocket>>,
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<()>> + Send {
        SendWrapper::new(async move { socket.socket.connect(to).await })
    }

    fn recv(
        socket: &mut SendWrapper<Owned<UdpSocket>>,
        to: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move {
            let buffer = socket.take_empty();
            let (received, buffer) = socket.socket.recv(buffer).await;
            let count = received?;
            socket.copy_and_put_back(buffer, to, count);
            Ok(count)
        })
    }

    fn send(
        socket: &mut SendWrapper<Owned<UdpSocket>>,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move {
            let buffer = socket.take_filled(bytes);
            let (sent, buffer) = socket.socket.send(buffer).await;
            socket.put_back(buffer);
            sent
        })
    }

    fn recv_from(
        socket: &mut SendWrapper<Owned<UdpSocket>>,
        to: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send {
        SendWrapper::new(async move {
            let buffer = socket.take_empty();
            let (received, buffer) = socket.socket.recv_from(buffer).await;
            let (count, from) = received?;
            socket.copy_and_put_back(buffer, to, count);
            Ok((count, from))
        })
    }

    fn send_to(
        socket: &mut SendWrapper<Owned<UdpSocket>>,
        bytes: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move {
            let buffer = socket.take_filled(bytes);
            let (sent, buffer) = socket.socket.send_to(buffer, to).await;
            socket.put_back(buffer);
            sent
        })
    }
}
