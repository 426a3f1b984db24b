//! Unix: the mode is the status flag `O_NONBLOCK`.
//!
//! The mode has to be read before it is set. For a blocking fd that is one system call more than to set it with ioctl(2),
//! which does not report what it was; and the same number for an fd that is non-blocking already. For the fds that this
//! crate creates, the mode is known.

use super::Mode;
use crate::reactor::cannot;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::{Errno, ioctl_fionbio};
use std::io;
use std::os::fd::AsFd;

pub(super) fn set_non_blocking(mode: Mode, fd: &impl AsFd) -> io::Result<bool> {
    let set = || {
        let flags = match mode {
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

pub(crate) fn set_blocking(fd: &impl AsFd) -> io::Result<()> {
    ioctl_fionbio(fd, false)
        .map_err(|err| cannot("cannot set the fd blocking by ioctl", &err.into()))
}
