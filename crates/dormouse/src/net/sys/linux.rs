//! Linux and Android: accept4(2) returns a socket that is non-blocking already, so no step that can fail follows. Unix
//! sockets have abstract names.

use crate::io::{Interest, Mode};
use crate::net::addr::std_address;
use rustix::io::retry_on_intr;
use rustix::net::sockopt::{socket_acceptconn, socket_protocol};
use rustix::net::{SocketAddrAny, SocketAddrUnix, SocketFlags, acceptfrom_with, ipproto};
use socket2::{Domain, Protocol, Socket, Type};
use std::ffi::OsStr;
use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::{self, UnixListener, UnixStream};

/// The mode of an accepted socket.
pub(super) const ACCEPTED: Mode = Mode::NonBlocking;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

pub(super) fn accept_tcp(listener: &TcpListener) -> io::Result<(TcpStream, SocketAddr)> {
    let (socket, peer) = retry_on_intr(|| acceptfrom_with(listener, FLAGS))?;
    Ok((socket.into(), std_address(peer)?))
}

/// What to register for a stream. `SO_PROTOCOL` excludes MPTCP, SMC, and sockets that are not from std.
pub(super) fn tcp_interest(stream: &TcpStream) -> Interest {
    match socket_protocol(stream) {
        Ok(Some(ipproto::TCP)) => Interest::BOTH | Interest::WITH_URGENT,
        _ => Interest::BOTH,
    }
}

pub(super) fn accept_unix(listener: &UnixListener) -> io::Result<(UnixStream, net::SocketAddr)> {
    let (socket, peer) = accept_unix_socket(listener.as_fd())?;
    Ok((socket.into(), peer))
}

/// For a listener of any type of Unix socket.
pub(super) fn accept_unix_socket(
    listener: BorrowedFd<'_>,
) -> io::Result<(OwnedFd, net::SocketAddr)> {
    let (socket, peer) = retry_on_intr(|| acceptfrom_with(listener, FLAGS))?;
    // std cannot hold each address of the system. The connection must not be lost because of it.
    let peer = std_unix_address(peer).or_else(|_| unnamed())?;
    Ok((socket, peer))
}

pub(super) fn non_blocking_socket(
    domain: Domain,
    r#type: Type,
    protocol: Protocol,
) -> io::Result<Socket> {
    Socket::new(domain, r#type.nonblocking(), Some(protocol))
}

pub(super) fn is_listening(stream: &TcpStream) -> io::Result<bool> {
    Ok(socket_acceptconn(stream)?)
}

/// The address of std for one of rustix.
pub(super) fn std_unix_address(address: Option<SocketAddrAny>) -> io::Result<net::SocketAddr> {
    let Some(address) = address else { return unnamed() };
    let address = SocketAddrUnix::try_from(address)?;
    if let Some(path) = address.path_bytes() {
        return net::SocketAddr::from_pathname(OsStr::from_bytes(path));
    }
    match address.abstract_name() {
        // rustix reads an unnamed address as an empty abstract name.
        Some([]) | None => unnamed(),
        Some(name) => net::SocketAddr::from_abstract_name(name),
    }
}

fn unnamed() -> io::Result<net::SocketAddr> {
    net::SocketAddr::from_pathname("")
}

pub(super) fn abstract_address(name: &[u8]) -> io::Result<net::SocketAddr> {
    net::SocketAddr::from_abstract_name(name)
}

pub(super) fn abstract_name(address: &net::SocketAddr) -> Option<&[u8]> {
    address.as_abstract_name()
}
