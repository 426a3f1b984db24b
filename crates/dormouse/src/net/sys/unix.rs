//! Unix systems other than Linux and Android: what std and socket2 offer. No Unix socket has an abstract name.

mod portable;

pub(super) use portable::{ACCEPTED, accept_tcp, non_blocking_socket, tcp_interest};

use std::io;
use std::net::TcpStream;
use std::os::unix::net::{self, UnixListener, UnixStream};

pub(super) fn accept_unix(listener: &UnixListener) -> io::Result<(UnixStream, net::SocketAddr)> {
    listener.accept()
}

/// False: Apple's systems cannot tell.
pub(super) fn is_listening(_stream: &TcpStream) -> io::Result<bool> {
    Ok(false)
}

/// The address of std for one of rustix.
#[cfg(feature = "bytes")]
pub(super) fn std_unix_address(
    address: Option<rustix::net::SocketAddrAny>,
) -> io::Result<net::SocketAddr> {
    use std::os::unix::ffi::OsStrExt;
    let address = address.map(rustix::net::SocketAddrUnix::try_from).transpose()?;
    let path = address.as_ref().and_then(|address| address.path_bytes()).unwrap_or_default();
    net::SocketAddr::from_pathname(std::ffi::OsStr::from_bytes(path))
}

pub(super) fn abstract_address(_name: &[u8]) -> io::Result<net::SocketAddr> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "abstract names exist on Linux only"))
}

pub(super) fn abstract_name(_address: &net::SocketAddr) -> Option<&[u8]> {
    None
}
