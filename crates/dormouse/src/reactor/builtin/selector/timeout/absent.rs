//! In place of `selector/timeout.rs` on systems without epoll: kevent(2) takes nanoseconds.

use std::io;
use std::os::fd::AsFd;
use std::time::Duration;

pub(super) fn wait_until_ready(
    _: &impl AsFd,
    timeout: Option<Duration>,
) -> io::Result<Option<Duration>> {
    Ok(timeout)
}
