//! Windows, which does not report the blocking mode of a socket: one of the caller is taken to be blocking.

use super::Mode;
use crate::reactor::cannot;
use crate::source::{self, AsSource};
use socket2::SockRef;
use std::io;

/// Returns true: `into_blocking` always sets it blocking again.
pub(super) fn set_non_blocking(mode: Mode, socket: &impl AsSource) -> io::Result<bool> {
    match mode {
        Mode::NonBlocking => {}
        Mode::Unknown | Mode::Blocking => {
            set(socket, true).map_err(|err| cannot("cannot set the socket non-blocking", &err))?;
        }
    }
    Ok(true)
}

pub(crate) fn set_blocking(socket: &impl AsSource) -> io::Result<()> {
    set(socket, false).map_err(|err| cannot("cannot set the socket blocking", &err))
}

fn set(socket: &impl AsSource, non_blocking: bool) -> io::Result<()> {
    SockRef::from(&source::borrow(socket)).set_nonblocking(non_blocking)
}
