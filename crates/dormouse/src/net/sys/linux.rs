//! Linux: Unix sockets have abstract names.

use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;

pub(super) fn abstract_name(address: &SocketAddr) -> Option<&[u8]> {
    address.as_abstract_name()
}
