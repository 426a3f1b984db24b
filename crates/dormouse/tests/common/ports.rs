//! Ports at which nothing accepts. A socket holds each of them, because the port of a socket that is closed may be taken by
//! another test.

use socket2::{Domain, SockRef, Socket, Type};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};

/// A TCP port that refuses connections, as long as the socket is open: it does not listen.
pub fn closed_tcp_port() -> (Socket, SocketAddr) {
    let holder = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    holder.bind(&SocketAddr::from((Ipv4Addr::LOCALHOST, 0)).into()).unwrap();
    let address = holder.local_addr().unwrap().as_socket().unwrap();
    (holder, address)
}

/// A listener with a full backlog, and the connection that fills it. A further connect waits.
pub fn full_listener() -> (TcpListener, SocketAddr, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    SockRef::from(&listener).listen(0).unwrap();
    let address = listener.local_addr().unwrap();
    // A backlog of 0 has room for one connection.
    let first = TcpStream::connect(address).unwrap();
    (listener, address, first)
}

/// A UDP port that refuses datagrams, as long as the socket is open: it is connected to itself, so it takes none of others.
pub fn closed_udp_port() -> (UdpSocket, SocketAddr) {
    let holder = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = holder.local_addr().unwrap();
    holder.connect(address).unwrap();
    (holder, address)
}

/// A UDP socket that is connected to a closed port, and the holder of that port.
pub fn refused_udp() -> (UdpSocket, UdpSocket) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let (holder, address) = closed_udp_port();
    socket.connect(address).unwrap();
    (socket, holder)
}
