//! `zruntime::net`.

use super::{ANY_PORT, NetPeer};
use crate::peer::local::zruntime::runtime;
use futures_util::{AsyncReadExt, AsyncWriteExt};
use send_wrapper::SendWrapper;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use zruntime::net::{TcpListener, TcpStream, UdpSocket};

pub(crate) struct Zruntime;

impl NetPeer for Zruntime {
    type Listener = SendWrapper<TcpListener>;
    type Stream = SendWrapper<TcpStream>;
    type Udp = SendWrapper<UdpSocket>;

    fn listen() -> impl Future<Output = io::Result<(SendWrapper<TcpListener>, SocketAddr)>> + Send {
        SendWrapper::new(async move {
            let listener = TcpListener::bind(runtime(), ANY_PORT)?;
            let address = listener.local_addr()?;
            Ok((SendWrapper::new(listener), address))
        })
    }

    fn accept(
        listener: &SendWrapper<TcpListener>,
    ) -> impl Future<Output = io::Result<SendWrapper<TcpStream>>> + Send {
        SendWrapper::new(async move {
            listener.accept().await.map(|(stream, _)| SendWrapper::new(stream))
        })
    }

    fn connect(to: SocketAddr) -> impl Future<Output = io::Result<SendWrapper<TcpStream>>> + Send {
        SendWrapper::new(
            async move { TcpStream::connect(runtime(), to).await.map(SendWrapper::new) },
        )
    }

    fn read(
        stream: &mut SendWrapper<TcpStream>,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move { stream.read(buffer).await })
    }

    fn write(
        stream: &mut SendWrapper<TcpStream>,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move { stream.write(bytes).await })
    }

    fn bind_udp() -> impl Future<Output = io::Result<(SendWrapper<UdpSocket>, SocketAddr)>> + Send {
        SendWrapper::new(async move {
            let socket = UdpSocket::bind(runtime(), ANY_PORT)?;
            let address = socket.local_addr()?;
            Ok((SendWrapper::new(socket), address))
        })
    }

    fn connect_udp(
        socket: &SendWrapper<UdpSocket>,
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<()>> + Send {
        SendWrapper::new(async move { socket.connect(to) })
    }

    fn recv(
        socket: &mut SendWrapper<UdpSocket>,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move { socket.recv(buffer).await })
    }

    fn send(
        socket: &mut SendWrapper<UdpSocket>,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move { socket.send(bytes).await })
    }

    fn recv_from(
        socket: &mut SendWrapper<UdpSocket>,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send {
        SendWrapper::new(async move { socket.recv_from(buffer).await })
    }

    fn send_to(
        socket: &mut SendWrapper<UdpSocket>,
        bytes: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send {
        SendWrapper::new(async move { socket.send_to(bytes, to).await })
    }
}
