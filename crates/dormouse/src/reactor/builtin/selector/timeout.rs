//! Timeouts in nanoseconds on an epoll instance. epoll_pwait(2) takes whole milliseconds, and epoll_pwait2(2) exists since
//! Linux 5.11 only. ppoll(2) takes nanoseconds, and reports when an epoll instance has events.
//!
//! (With its feature `linux_5_11`, rustix makes every wait by epoll_pwait2, also those of other crates in the program, and
//! has no answer to a kernel or a sandbox that does not know the call.)

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use rustix::time::Timespec;
use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

/// Waits until `epoll` has an event or `timeout` has elapsed, if that is neither zero nor without limit. Returns the timeout
/// for the wait that takes the events.
#[inline]
pub(super) fn wait_until_ready(
    epoll: &impl AsFd,
    timeout: Option<Duration>,
) -> io::Result<Option<Duration>> {
    match timeout {
        Some(timeout) if !timeout.is_zero() => wait(epoll, timeout).map(Some),
        _ => Ok(timeout),
    }
}

#[cold]
fn wait(epoll: &impl AsFd, timeout: Duration) -> io::Result<Duration> {
    let mut fds = [PollFd::new(epoll, PollFlags::IN)];
    // A timeout that does not fit lasts for longer than the machine.
    let limit = Timespec::try_from(timeout).ok();
    match poll(&mut fds, limit.as_ref()) {
        Ok(_) => Ok(Duration::ZERO),
        Err(Errno::INTR) => Err(Errno::INTR.into()),
        // A sandbox may refuse it.
        Err(_) => Ok(timeout),
    }
}
