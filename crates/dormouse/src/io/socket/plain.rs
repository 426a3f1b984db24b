//! Systems without `MSG_NOSIGNAL`. On Apple's, std and mio disable `SIGPIPE` for each socket that they create; Windows has
//! no signals.

use std::io::{self, IoSlice, Read, Write};

#[inline]
pub(crate) fn read<T>(mut inner: &T, buffer: &mut [u8]) -> io::Result<usize>
where
    for<'a> &'a T: Read,
{
    inner.read(buffer)
}

pub(crate) fn write<T>(mut inner: &T, bytes: &[u8]) -> io::Result<usize>
where
    for<'a> &'a T: Write,
{
    inner.write(bytes)
}

pub(crate) fn write_vectored<T>(mut inner: &T, buffers: &[IoSlice<'_>]) -> io::Result<usize>
where
    for<'a> &'a T: Write,
{
    inner.write_vectored(buffers)
}
