//! `process::pidfd` on systems without pidfds.

use std::os::fd::OwnedFd;
use std::process::Child;

pub(super) fn open(_: &Child) -> Option<OwnedFd> {
    None
}
