//! Other systems. This module supports abstract names of Unix sockets on Linux only.

use crate::io::Mode;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::{self, UnixListener, UnixStream};

/// The mode of an accepted socket.
pub(super) const ACCEPTED: Mode = Mode::Blocking;

pub(super) fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    listener.accept()
}

pub(super) fn accept_unix(listener: &UnixListener) -> io::Result<(UnixStream, net::SocketAddr)> {
    listener.accept()
}

/// False: Apple's systems cannot tell.
pub(super) fn is_listening(_stream: &TcpStream) -> io::Result<bool> {
    Ok(false)
}

pub(super) fn abstract_address(_name: &[u8]) -> io::Result<net::SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "abstract names exist on Linux only"))
}

pub(super) fn abstract_name(_address: &net::SocketAddr) -> Option<&[u8]> {
    None
}
