//! Windows: every stream is a socket.

use rustix::net::{RecvFlags, recv};
use std::io;
use std::mem::MaybeUninit;
use std::os::windows::io::BorrowedSocket;

/// Reads from a stream, and returns the bytes.
pub(super) fn read<'a>(
    socket: BorrowedSocket<'_>,
    buffer: &'a mut [MaybeUninit<u8>],
) -> io::Result<&'a mut [u8]> {
    Ok(recv(socket, buffer, RecvFlags::empty())?.0.0)
}
