//! In place of `timer/timerfd.rs` on systems without timerfds.

use crate::clock::ClockId;
use std::io;
use std::os::fd::{OwnedFd, RawFd};

pub(crate) const EXISTS: bool = false;

pub(crate) fn create(_: ClockId) -> io::Result<OwnedFd> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no timerfd"))
}

pub(crate) fn close_in_child(_: RawFd, _: ClockId) {}

pub(crate) fn set(_: &OwnedFd, _: bool, _: u64) -> io::Result<()> {
    Ok(())
}

pub(crate) fn read(_: &OwnedFd) -> io::Result<()> {
    Ok(())
}
