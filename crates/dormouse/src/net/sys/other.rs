//! Other systems. This module supports abstract names of Unix sockets on Linux only.

use std::os::unix::net::SocketAddr;

pub(super) fn abstract_name(_address: &SocketAddr) -> Option<&[u8]> {
    None
}
