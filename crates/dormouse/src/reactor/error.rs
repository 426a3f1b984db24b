//! The errors of reactors: what failed, why, and what the user can do.

use rustix::io::Errno;
use std::io;
use std::os::fd::RawFd;

/// `err`, with `what` has failed in front.
///
/// The kinds `WouldBlock` and `Interrupted` are replaced: a caller would repeat its operation at once, for ever. For
/// example, clone(2) returns `EAGAIN` at the limit of threads.
pub(super) fn cannot(what: &str, err: &io::Error) -> io::Error {
    let kind = match err.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => io::ErrorKind::Other,
        kind => kind,
    };
    io::Error::new(kind, format!("{what}: {err}"))
}

/// `err`, with the fd, the reactor and a hint added to its message.
pub(super) fn cannot_register(err: io::Error, fd: RawFd, reactor: &str) -> io::Error {
    let hint = match err.kind() {
        io::ErrorKind::PermissionDenied => {
            ": the kernel has no readiness for this kind of file. Regular files and directories \
             are always ready; read and write them directly"
        }
        io::ErrorKind::AlreadyExists => {
            ": this reactor watches it already. Share the one AsyncFd, or wrap a duplicate \
             (try_clone)"
        }
        _ if err.raw_os_error() == Some(Errno::BADF.raw_os_error()) => ": it is not open",
        _ if err.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {
            ": the process is at its limit of open fds (ulimit -n)"
        }
        _ => "",
    };
    io::Error::new(
        err.kind(),
        format!("cannot watch fd {fd} on the {reactor} reactor{hint} ({err})"),
    )
}

/// The error of a wait in the child of a fork.
pub(super) fn inherited_fd() -> io::Error {
    io::Error::other(
        "this process, the child of a fork, cannot watch an fd that its parent has registered: take the object back \
         with into_inner() and wrap it again",
    )
}
