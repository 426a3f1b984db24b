//! Apple's systems have no `MSG_NOSIGNAL`. There, std and mio disable `SIGPIPE` for each socket that they create.

use std::io::{self, IoSlice, Write};

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
