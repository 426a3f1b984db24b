//! The errors of reactors: what failed, why, and what the user can do.

#[cfg_attr(unix, path = "error/unix.rs")]
#[cfg_attr(windows, path = "error/windows.rs")]
mod sys;

pub(super) use sys::is_out_of_fds;

use crate::source::{self, BorrowedSource};
use std::io;

/// `err`, with `what` has failed in front.
pub(crate) fn cannot(what: &str, err: &io::Error) -> io::Error {
    io::Error::new(lasting_kind(err), format!("{what}: {err}"))
}

/// `err`, with the fd, the reactor and a hint added to its message.
pub(super) fn cannot_register(err: &io::Error, fd: BorrowedSource<'_>, reactor: &str) -> io::Error {
    let (kind, number, hint) = (sys::KIND, source::raw(fd), sys::hint(err, fd));
    let message = format!("cannot watch {kind} {number} on the {reactor} reactor{hint} ({err})");
    io::Error::new(lasting_kind(err), message)
}

/// The error of a wait in the child of a fork.
pub(super) fn inherited_fd() -> io::Error {
    io::Error::other(
        "this process, the child of a fork, cannot watch an fd that its parent has registered: take the object back \
         with into_inner() and wrap it again",
    )
}

/// The kind of an error that is not the result of the user's operation. `WouldBlock` and `Interrupted` are replaced,
/// because a caller would repeat its operation at once, for ever. For example, clone(2) returns `EAGAIN` at the limit of
/// threads.
fn lasting_kind(err: &io::Error) -> io::ErrorKind {
    match err.kind() {
        io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => io::ErrorKind::Other,
        kind => kind,
    }
}
