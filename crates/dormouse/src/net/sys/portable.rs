//! What std and socket2 offer on every system.

use crate::io::{Interest, Mode};
use socket2::{Domain, Protocol, Socket, Type};
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};

/// The mode of an accepted socket.
pub(in crate::net) const ACCEPTED: Mode = Mode::Blocking;

/// What to register for a stream.
pub(in crate::net) fn tcp_interest(_: &TcpStream) -> Interest {
    Interest::BOTH
}

pub(in crate::net) fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    listener.accept()
}

pub(in crate::net) fn non_blocking_socket(
    domain: Domain,
    r#type: Type,
    protocol: Protocol,
) -> io::Result<Socket> {
    let socket = Socket::new(domain, r#type, Some(protocol))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}
