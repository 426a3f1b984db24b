//! Unix: by read(2), because a stream may be a pipe.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::BorrowedFd;

/// Reads from a stream, and returns the bytes.
pub(super) fn read<'a>(
    fd: BorrowedFd<'_>,
    buffer: &'a mut [MaybeUninit<u8>],
) -> io::Result<&'a mut [u8]> {
    Ok(rustix::io::read(fd, buffer)?.0)
}
