//! In place of `alarm/linux.rs` on systems without such timerfds.

use crate::clock::ClockId;
use std::io;

/// No alarm can be created.
pub(super) enum AlarmFd {}

pub(super) fn create(_: ClockId) -> io::Result<AlarmFd> {
    let message = "an alarm that wakes a suspended machine needs Linux";
    Err(io::Error::new(io::ErrorKind::Unsupported, message))
}

pub(super) fn set(fd: &AlarmFd, _: u64) -> io::Result<()> {
    match *fd {}
}
