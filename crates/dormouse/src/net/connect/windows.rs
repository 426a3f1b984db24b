//! Windows: what connect reports.

use std::io;
use std::net;

/// Whether an error of connect means that the connection is not established yet.
pub(super) fn is_in_progress(err: &io::Error) -> bool {
    err.kind() == io::ErrorKind::WouldBlock
}

/// Nothing tells a socket on which connect has not been called from one that connects.
pub(super) fn check_begun(_: &net::TcpStream) -> io::Result<()> {
    Ok(())
}
