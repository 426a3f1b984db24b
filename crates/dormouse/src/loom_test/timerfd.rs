//! Timers that are files, by the names that `alarm` has for them. Nobody sets the clock.

use super::kernel;
use crate::clock::ClockId;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

pub(crate) fn create(_: ClockId) -> io::Result<OwnedFd> {
    Ok(kernel::file())
}

pub(crate) fn set(fd: &OwnedFd, _: ClockId, at: u64) -> io::Result<()> {
    kernel::set_timer(fd.as_raw_fd(), at);
    Ok(())
}

pub(crate) fn set_timerfd(fd: &OwnedFd, _: bool, at: u64) -> io::Result<()> {
    kernel::set_timer(fd.as_raw_fd(), at);
    Ok(())
}

pub(crate) fn read(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}
