//! Keeps the fds of this crate off the numbers of the standard streams.
//!
//! std opens closed standard streams before `main`, but a library in a program of another language finds them as they
//! are, and any program can close them later. The kernel gives a new fd the lowest free number. If an epoll instance
//! or a timerfd got one of 0 to 2, a `printf` of the program would write into it, and a `dup2` would close it.

use rustix::io::fcntl_dupfd_cloexec;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// The lowest number that is not a standard stream.
const LOWEST: RawFd = 3;

/// Moves a new fd to a higher number if it has one of the standard streams.
///
/// # Errors
/// If there is no other number.
#[cfg_attr(
    all(
        any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
        not(feature = "signal")
    ),
    expect(dead_code, reason = "it is for epoll, timerfds and signals")
)]
pub(crate) fn above_stdio(fd: OwnedFd) -> io::Result<OwnedFd> {
    if fd.as_raw_fd() >= LOWEST {
        return Ok(fd);
    }
    Ok(fcntl_dupfd_cloexec(&fd, LOWEST)?)
}

/// Takes the free numbers of the standard streams until the result is dropped: the fds that another crate creates
/// meanwhile get higher ones.
#[cfg_attr(
    all(
        any(target_os = "linux", target_os = "android"),
        not(dormouse_portable),
        not(feature = "smol")
    ),
    expect(dead_code, reason = "it is for async-io and mio")
)]
pub(crate) fn take_free_stdio() -> Vec<File> {
    let free = || File::open("/").ok().filter(|file| file.as_raw_fd() < LOWEST);
    std::iter::from_fn(free).collect()
}
