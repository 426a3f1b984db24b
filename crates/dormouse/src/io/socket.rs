//! The system calls that read from and write to the streams of std, which are made here for its sockets. All other types
//! are read and written by their own methods.
//!
//! Writing raises no `SIGPIPE`. That signal is ignored in a Rust program, but by default it ends a process, such as a C
//! program that has loaded a Rust library. std passes `MSG_NOSIGNAL` when it writes to a socket, but not in
//! `write_vectored`: writev(2) takes no flags. (For Unix sockets, `write` passes it since Rust 1.89.) So sockets are written
//! by send(2) and sendmsg(2). A pipe can be written only with the signal.
//!
//! Reading takes less time. On Linux rustix calls the kernel without the C library, whose recv(2) is a cancellation point of
//! pthreads: in a process with several threads that takes some 25 ns.

use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, send, sendmsg};
use std::any::type_name;
use std::io::{self, IoSlice, Read, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// How many buffers sendmsg(2) accepts. More are an error there; writev of std writes the first ones.
const MAX_BUFFERS: usize = 1024;

#[inline]
pub(crate) fn read<T: AsFd>(mut inner: &T, buffer: &mut [u8]) -> io::Result<usize>
where
    for<'a> &'a T: Read,
{
    if is_socket::<T>() {
        return Ok(recv(inner, buffer, RecvFlags::empty())?.0);
    }
    inner.read(buffer)
}

pub(crate) fn write<T: AsFd>(mut inner: &T, bytes: &[u8]) -> io::Result<usize>
where
    for<'a> &'a T: Write,
{
    if is_socket::<T>() {
        return Ok(send(inner, bytes, SendFlags::NOSIGNAL)?);
    }
    inner.write(bytes)
}

pub(crate) fn write_vectored<T: AsFd>(mut inner: &T, buffers: &[IoSlice<'_>]) -> io::Result<usize>
where
    for<'a> &'a T: Write,
{
    if is_socket::<T>() {
        let buffers = &buffers[..buffers.len().min(MAX_BUFFERS)];
        let mut none = SendAncillaryBuffer::default();
        return Ok(sendmsg(inner, buffers, &mut none, SendFlags::NOSIGNAL)?);
    }
    inner.write_vectored(buffers)
}

/// Whether `T` is a stream socket of std. A type's id would need `T: 'static`. Names are not unique in general, but no
/// crate besides std is named `std`. The compiler evaluates the comparison.
#[inline(always)]
fn is_socket<T>() -> bool {
    let name = type_name::<T>();
    name == type_name::<TcpStream>() || name == type_name::<UnixStream>()
}
