//! The blocking mode of an fd: wrapping sets the status flag `O_NONBLOCK`, and
//! [`into_blocking`](super::AsyncFd::into_blocking) restores it.
//!
//! The mode has to be read before it is set. For a blocking fd that is one system call more than to set it with ioctl(2),
//! which does not report what it was; and the same number for an fd that is non-blocking already. For the fds that this
//! crate creates, the mode is known.

use crate::reactor::cannot;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, ioctl_fionbio};
use std::io;
use std::os::fd::AsFd;

/// What is known about the mode of an fd that is to be wrapped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// The fd is the caller's.
    Unknown,
    /// This crate has created the fd, with no status flag set.
    Blocking,
    /// This crate has created the fd, non-blocking.
    NonBlocking,
}

impl Mode {
    /// Sets the fd non-blocking. Returns whether `into_blocking` sets it blocking again.
    pub(super) fn set_non_blocking(self, fd: &impl AsFd) -> io::Result<bool> {
        let set = || {
            let flags = match self {
                Mode::NonBlocking => return Ok(true),
                Mode::Blocking => OFlags::empty(),
                Mode::Unknown => fcntl_getfl(fd)?,
            };
            let blocking = !flags.contains(OFlags::NONBLOCK);
            if blocking {
                fcntl_setfl(fd, flags | OFlags::NONBLOCK)?;
            }
            Ok(blocking)
        };
        set().map_err(|err: Errno| cannot("cannot set the fd non-blocking by fcntl", &err.into()))
    }

    /// Sets the fd non-blocking before it is wrapped. Returns the mode to wrap it in.
    pub(crate) fn make_non_blocking(self, fd: &impl AsFd) -> io::Result<Mode> {
        // If `into_blocking` is to leave it non-blocking, it was so before, and `Unknown` finds that out again.
        Ok(if self.set_non_blocking(fd)? { Mode::NonBlocking } else { Mode::Unknown })
    }
}

pub(crate) fn set_blocking(fd: &impl AsFd) -> io::Result<()> {
    ioctl_fionbio(fd, false)
        .map_err(|err| cannot("cannot set the fd blocking by ioctl", &err.into()))
}
