//! Reading into a `BufMut` (feature `bytes`). The methods that do are in the macros.
//!
//! Only `unsafe` code can fill the unused part of a `BufMut` in place. So received bytes go through an uninitialized buffer
//! and are copied.

#[cfg_attr(unix, path = "bytes/unix.rs")]
#[cfg_attr(windows, path = "bytes/windows.rs")]
mod sys;

use crate::source::{self, AsSource};
use bytes::BufMut;
use rustix::net::{RecvFlags, SocketAddrAny, recv, recvfrom};
use std::io;
use std::mem::MaybeUninit;

/// A buffer of up to this size is on the stack. A stream reads no more at once.
const STACK_BYTES: usize = 16 * 1024;

/// Calls `receive` with an uninitialized buffer of `len` bytes.
fn with_buffer<R>(len: usize, receive: impl FnOnce(&mut [MaybeUninit<u8>]) -> R) -> R {
    if len <= STACK_BYTES {
        receive(&mut [MaybeUninit::uninit(); STACK_BYTES][..len])
    } else {
        // A datagram must not be truncated to the size of the other buffer.
        receive(&mut Vec::with_capacity(len).spare_capacity_mut()[..len])
    }
}

/// How many bytes [`read_into`] asks for.
pub(super) fn asked(buffer: &mut impl BufMut) -> usize {
    buffer.chunk_mut().len().min(STACK_BYTES)
}

pub(super) fn read_into(fd: impl AsSource, buffer: &mut impl BufMut) -> io::Result<usize> {
    with_buffer(asked(buffer), |bytes| {
        let read = sys::read(source::borrow(&fd), bytes)?;
        buffer.put_slice(read);
        Ok(read.len())
    })
}

pub(super) fn receive_into(socket: impl AsSource, buffer: &mut impl BufMut) -> io::Result<usize> {
    with_buffer(buffer.chunk_mut().len(), |bytes| {
        let ((received, _), _) = recv(source::borrow(&socket), bytes, RecvFlags::empty())?;
        buffer.put_slice(received);
        Ok(received.len())
    })
}

/// `address` converts the address of the sender.
pub(super) fn receive_from_into<A>(
    socket: impl AsSource,
    buffer: &mut impl BufMut,
    address: impl FnOnce(Option<SocketAddrAny>) -> io::Result<A>,
) -> io::Result<(usize, A)> {
    with_buffer(buffer.chunk_mut().len(), |bytes| {
        let ((received, _), _, sender) =
            recvfrom(source::borrow(&socket), bytes, RecvFlags::empty())?;
        let sender = address(sender)?;
        buffer.put_slice(received);
        Ok((received.len(), sender))
    })
}
