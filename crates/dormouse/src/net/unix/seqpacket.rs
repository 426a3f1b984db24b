//! [`UnixSeqpacket`] and [`UnixSeqpacketListener`]: Unix sockets of type `SOCK_SEQPACKET`. std has no types for them, so
//! each wraps an `AsyncFd<OwnedFd>`.

mod connection;
mod listener;

pub use connection::UnixSeqpacket;
pub use listener::UnixSeqpacketListener;

use super::address::unnamed;
use rustix::net::{
    AddressFamily, SocketAddrAny, SocketAddrUnix, SocketFlags, SocketType, socket_with, sockopt,
};
use std::ffi::OsStr;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::net::SocketAddr;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

fn socket() -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?)
}

/// Converts the address of std into that of rustix.
fn to_rustix(address: &SocketAddr) -> io::Result<SocketAddrUnix> {
    Ok(match (address.as_pathname(), address.as_abstract_name()) {
        (Some(path), _) => SocketAddrUnix::new(path)?,
        (_, Some(name)) => SocketAddrUnix::new_abstract_name(name)?,
        _ => SocketAddrUnix::new_unnamed(),
    })
}

/// Converts the address of rustix into that of std.
fn from_rustix(address: SocketAddrAny) -> io::Result<SocketAddr> {
    let address = SocketAddrUnix::try_from(address)?;
    if let Some(path) = address.path_bytes() {
        return SocketAddr::from_pathname(OsStr::from_bytes(path));
    }
    match address.abstract_name() {
        // rustix reads an unnamed address as an empty abstract name.
        Some([]) | None => unnamed(),
        Some(name) => SocketAddr::from_abstract_name(name),
    }
}

fn take_error(socket: &impl AsFd) -> io::Result<Option<io::Error>> {
    Ok(sockopt::socket_error(socket)?.err().map(io::Error::from))
}
