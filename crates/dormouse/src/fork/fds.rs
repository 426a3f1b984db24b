//! Fds that a child of `fork` has inherited from this crate, and closes.
//!
//! A child only closes its copies. To deregister such an fd, or to set a timerfd, would affect the parent.
//!
//! The program may have closed the fd itself, as a daemon does that closes all fds above 2, and the number may be that
//! of another file by now. So a number is closed only if it is found to be still what it was. An fd of which that
//! cannot be found out stays open.

use rustix::fs::{FileType, fstat};
use std::fs;
use std::os::fd::{AsFd, AsRawFd, RawFd};

/// Closes a number whose owner is never dropped.
pub(crate) fn close(number: RawFd) {
    // Fails only if it is not open.
    let _ = nix::unistd::close(number);
}

/// Closes `duplicate`, whose owner is never dropped, if it still is a duplicate of `original`.
pub(crate) fn close_duplicate(duplicate: impl AsFd, original: impl AsFd) {
    if are_duplicates(&duplicate, original) {
        close(duplicate.as_fd().as_raw_fd());
    }
}

/// Whether two fds are duplicates of one. (Two FIFOs or files that were opened separately count as such, too.)
fn are_duplicates(one: impl AsFd, other: impl AsFd) -> bool {
    let stats = (fstat(&one), fstat(&other));
    let (Ok(stat), Ok(other_stat)) = stats else { return false };
    if (stat.st_dev, stat.st_ino) != (other_stat.st_dev, other_stat.st_ino) {
        return false;
    }
    // All epoll instances, eventfds, timerfds and so on have the same inode, which has no type.
    if FileType::from_raw_mode(stat.st_mode) != FileType::Unknown {
        return true;
    }
    let info = |fd: &dyn AsFd| fs::read_to_string(info_path(fd.as_fd().as_raw_fd()));
    let (Ok(info), Ok(other_info)) = (info(&one), info(&other)) else { return false };
    // The time until a timerfd expires changes.
    let is_constant = |line: &&str| !line.starts_with("it_value");
    info.lines().filter(is_constant).eq(other_info.lines().filter(is_constant))
}

/// The file in which Linux describes an fd.
pub(crate) fn info_path(number: RawFd) -> String {
    format!("/proc/self/fdinfo/{number}")
}
