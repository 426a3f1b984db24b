//! Unix: what connect(2) reports.

use super::connect_result;
use crate::net::sys;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SocketType, sockopt::socket_type};
use std::io;
use std::net;

/// Whether an error of connect(2) means that the connection is not established yet.
pub(super) fn is_in_progress(err: &io::Error) -> bool {
    err.raw_os_error() == Some(Errno::INPROGRESS.raw_os_error())
}

/// A wait for a socket on which connect(2) has not been called would not end. Linux reports it as hung up, unless it
/// listens or is a datagram socket; other systems do not distinguish it from one that connects.
pub(super) fn check_begun(stream: &net::TcpStream) -> io::Result<()> {
    if socket_type(stream)? != SocketType::STREAM || sys::is_listening(stream)? {
        let message = "the socket listens, or is not a stream socket";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut fds = [PollFd::new(stream, PollFlags::empty())];
    // A signal interrupts it even with this timeout.
    retry_on_intr(|| poll(&mut fds, Some(&Timespec::default())))?;
    if fds[0].revents().contains(PollFlags::HUP) {
        // A connect that has failed is reported as hung up too.
        connect_result(stream).map_err(|err| match err.kind() {
            io::ErrorKind::WouldBlock => {
                io::Error::new(io::ErrorKind::NotConnected, "connect(2) has not been called")
            }
            _ => err,
        })?;
    }
    Ok(())
}
