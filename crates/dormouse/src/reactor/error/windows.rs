//! Windows: what an error of Winsock says of a socket.

use crate::source::BorrowedSource;
use rustix::io::Errno;
use std::io;

/// What is registered.
pub(super) const KIND: &str = "socket";

/// Whether the process is at its limit of sockets.
pub(in crate::reactor) fn is_out_of_fds(err: &io::Error) -> bool {
    Errno::from_io_error(err) == Some(Errno::MFILE)
}

/// Why the socket cannot be registered, and what to do. Empty if the error says it.
pub(super) fn hint(err: &io::Error, _: BorrowedSource<'_>) -> &'static str {
    match Errno::from_io_error(err) {
        Some(Errno::NOTSOCK) => {
            ": it is not a socket, and Windows has readiness for sockets only. Read and write files, pipes and consoles \
             on a thread"
        }
        Some(Errno::MFILE | Errno::NOBUFS) => ": the process has no sockets left",
        _ => "",
    }
}
