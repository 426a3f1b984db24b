//! In place of `timer/timerfd.rs` on systems without timerfds.

use crate::clock::ClockId;
use crate::source::OwnedSource;
use std::io;

pub(crate) const EXISTS: bool = false;

pub(crate) fn create(_: ClockId) -> io::Result<OwnedSource> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no timerfd"))
}

pub(crate) fn number(_: &OwnedSource) -> i32 {
    -1
}

pub(crate) fn close_in_child(_: i32, _: ClockId) {}

pub(crate) fn set(_: &OwnedSource, _: bool, _: u64) -> io::Result<()> {
    Ok(())
}

pub(crate) fn read(_: &OwnedSource) -> io::Result<()> {
    Ok(())
}

pub(crate) fn is_clock_set(_: &io::Error) -> bool {
    false
}
