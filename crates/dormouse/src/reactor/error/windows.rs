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
        Some(Errno::OPNOTSUPP) => {
            ": it is not a socket, or its protocol has no readiness. Read and write it on a thread"
        }
        Some(Errno::MFILE | Errno::NOBUFS) => ": the process has no sockets left",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::super::cannot_register;
    use crate::source;
    use rustix::io::Errno;

    /// Only unsafe code can make an object with such a handle. Windows returns the first error, and wine the second for a
    /// file.
    #[test]
    fn the_error_of_a_handle_that_is_not_a_socket_says_so() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap();
        for errno in [Errno::NOTSOCK, Errno::OPNOTSUPP] {
            let error = cannot_register(&errno.into(), source::borrow(&socket), "builtin");
            assert!(error.to_string().contains(": it is not a socket"), "{error}");
        }
    }
}
