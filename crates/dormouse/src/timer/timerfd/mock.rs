//! In place of `timer/timerfd.rs` in loom tests: timerfds of the mock kernel. No clock is set.

use crate::clock::ClockId;
use crate::loom_test::kernel;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

pub(crate) const EXISTS: bool = true;

pub(crate) fn create(_: ClockId) -> io::Result<OwnedFd> {
    kernel::timerfd()
}

pub(crate) fn number(fd: &OwnedFd) -> RawFd {
    fd.as_raw_fd()
}

pub(crate) fn close_in_child(_: RawFd, _: ClockId) {}

pub(crate) fn set(fd: &OwnedFd, _: bool, at_ns: u64) -> io::Result<()> {
    kernel::set_timer(fd.as_raw_fd(), at_ns);
    Ok(())
}

pub(crate) fn read(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}

pub(crate) fn is_clock_set(_: &io::Error) -> bool {
    false
}
