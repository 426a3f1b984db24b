//! Windows.

use crate::io::Mode;
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

/// The mode of an accepted socket.
pub(super) const ACCEPTED: Mode = Mode::Blocking;

pub(super) fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    listener.accept()
}

pub(super) fn non_blocking_socket(
    domain: Domain,
    r#type: Type,
    protocol: Protocol,
) -> io::Result<Socket> {
    let socket = Socket::new(domain, r#type, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
