//! [`UnixSeqpacket`] and [`UnixSeqpacketListener`]: Unix sockets of type `SOCK_SEQPACKET`. std has no types for them, so
//! each wraps an `AsyncFd<OwnedFd>`.

mod connection;
#[cfg(feature = "stream")]
mod incoming;
mod listener;

pub use connection::UnixSeqpacket;
pub use listener::UnixSeqpacketListener;

use crate::net::sys;
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, socket_with, sockopt};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::SocketAddr;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

fn socket() -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?)
}

/// Converts the address of std into that of rustix.
fn to_rustix(address: &SocketAddr) -> io::Result<SocketAddrUnix> {
    Ok(match (address.as_pathname(), sys::abstract_name(address)) {
        (Some(path), _) => SocketAddrUnix::new(path)?,
        (_, Some(name)) => SocketAddrUnix::new_abstract_name(name)?,
        _ => SocketAddrUnix::new_unnamed(),
    })
}

fn take_error(socket: &impl AsFd) -> io::Result<Option<io::Error>> {
    Ok(sockopt::socket_error(socket)?.err().map(io::Error::from))
}

impl_peer_cred!(UnixSeqpacket);
