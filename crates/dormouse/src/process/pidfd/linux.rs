//! A pidfd, which becomes readable when its process has ended.

use crate::stdio::above_stdio;
use rustix::process::{Pid, PidfdFlags, pidfd_open};
use std::os::fd::OwnedFd;
use std::process::Child;

/// `None` if the kernel has no pidfds, a sandbox refuses them, or the process has no fds left.
///
/// The number of the process refers to the child if `try_wait` finds afterwards that the child has not been reaped.
pub(super) fn open(child: &Child) -> Option<OwnedFd> {
    let pidfd = pidfd_open(Pid::from_child(child), PidfdFlags::empty()).ok()?;
    above_stdio(pidfd).ok()
}
