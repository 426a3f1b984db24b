//! Writing without `SIGPIPE`. That signal is ignored in a Rust program, but by default it ends a process, such as a C
//! program that has loaded a Rust library.
//!
//! std passes `MSG_NOSIGNAL` when it writes to a socket, but not in `write_vectored`: writev(2) takes no flags. (For Unix
//! sockets, `write` passes it since Rust 1.89.) So the sockets of std are written by send(2) and sendmsg(2) here. All
//! other types are written by their own methods: a pipe can be written only with the signal.

use rustix::net::{SendAncillaryBuffer, SendFlags, send, sendmsg};
use std::any::type_name;
use std::io::{self, IoSlice, Write};
use std::net::TcpStream;
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;

/// How many buffers sendmsg(2) accepts. More are an error there; writev of std writes the first ones.
const MAX_BUFFERS: usize = 1024;

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
