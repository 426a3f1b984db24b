//! The blocking mode of an fd or socket: wrapping sets it non-blocking, and
//! [`into_blocking`](super::AsyncFd::into_blocking) restores it.

#[cfg_attr(unix, path = "blocking/unix.rs")]
#[cfg_attr(windows, path = "blocking/windows.rs")]
mod sys;

pub(crate) use sys::set_blocking;

use crate::source::AsSource;
use std::io;

/// What is known about the mode of an object that is to be wrapped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// The object is the caller's.
    Unknown,
    /// This crate has created the object, with no status flag set.
    Blocking,
    /// This crate has created the object, non-blocking.
    NonBlocking,
}

impl Mode {
    /// Sets the object non-blocking. Returns whether `into_blocking` sets it blocking again.
    pub(super) fn set_non_blocking(self, object: &impl AsSource) -> io::Result<bool> {
        sys::set_non_blocking(self, object)
    }

    /// Sets the object non-blocking before it is wrapped. Returns the mode to wrap it in.
    pub(crate) fn make_non_blocking(self, object: &impl AsSource) -> io::Result<Mode> {
        // If `into_blocking` is to leave it non-blocking, it was so before, and `Unknown` finds that out again.
        Ok(if self.set_non_blocking(object)? { Mode::NonBlocking } else { Mode::Unknown })
    }
}
