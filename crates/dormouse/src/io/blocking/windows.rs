//! In place of `io/blocking.rs` on Windows, which does not report the blocking mode of a socket: one of the caller is
//! taken to be blocking.

use crate::reactor::cannot;
use crate::source::{self, AsSource};
use socket2::SockRef;
use std::io;

/// What is known about the mode of a socket that is to be wrapped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// The socket is the caller's.
    Unknown,
    /// This crate has created the socket.
    Blocking,
    /// This crate has created the socket, non-blocking.
    NonBlocking,
}

impl Mode {
    /// Sets the socket non-blocking. Returns whether `into_blocking` sets it blocking again: always.
    pub(super) fn set_non_blocking(self, socket: &impl AsSource) -> io::Result<bool> {
        match self {
            Mode::NonBlocking => {}
            Mode::Unknown | Mode::Blocking => set(socket, true)
                .map_err(|err| cannot("cannot set the socket non-blocking", &err))?,
        }
        Ok(true)
    }

    /// Sets the socket non-blocking before it is wrapped. Returns the mode to wrap it in.
    pub(crate) fn make_non_blocking(self, socket: &impl AsSource) -> io::Result<Mode> {
        self.set_non_blocking(socket).map(|_| Mode::NonBlocking)
    }
}

pub(crate) fn set_blocking(socket: &impl AsSource) -> io::Result<()> {
    set(socket, false).map_err(|err| cannot("cannot set the socket blocking", &err))
}

fn set(socket: &impl AsSource, non_blocking: bool) -> io::Result<()> {
    SockRef::from(&source::borrow(socket)).set_nonblocking(non_blocking)
}
