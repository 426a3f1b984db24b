//! Systems without abstract names for Unix sockets.

use std::os::unix::net::SocketAddr;

pub(super) fn abstract_name(_address: &SocketAddr) -> Option<&[u8]> {
    None
}
