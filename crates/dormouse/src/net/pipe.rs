//! Pipes.

use crate::io::{AsyncFd, Interest};
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Creates a pipe, and returns its read end and its write end.
///
/// To pass an end to a child process, convert it: [`into_inner`](AsyncFd::into_inner) returns the end, which
/// converts into an `OwnedFd`, and that into a `Stdio`. It stays non-blocking.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// let (reader, writer) = dormouse::net::pipe()?;
/// writer.write(b"hello").await?;
/// let mut buffer = [0; 16];
/// assert_eq!(reader.read(&mut buffer).await?, 5);
/// drop(writer);
/// assert_eq!(reader.read(&mut buffer).await?, 0);
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Errors
/// If the process has too many fds, or an end cannot be registered: see [`AsyncFd`](AsyncFd#errors).
pub fn pipe() -> io::Result<(AsyncFd<PipeReader>, AsyncFd<PipeWriter>)> {
    let (writer, reader) = mio::unix::pipe::new()?;
    let reader = PipeReader::from(OwnedFd::from(reader));
    let writer = PipeWriter::from(OwnedFd::from(writer));
    Ok((
        AsyncFd::with_interest(reader, Interest::READABLE)?,
        AsyncFd::with_interest(writer, Interest::WRITABLE)?,
    ))
}

/// The read end of a pipe: see [`pipe`].
#[derive(Debug)]
pub struct PipeReader(File);

/// The write end of a pipe: see [`pipe`].
#[derive(Debug)]
pub struct PipeWriter(File);

impl Read for &PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0).read_vectored(buffers)
    }
}

impl Write for &PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0).write(bytes)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0).write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl From<OwnedFd> for PipeReader {
    fn from(fd: OwnedFd) -> PipeReader {
        PipeReader(fd.into())
    }
}

impl From<OwnedFd> for PipeWriter {
    fn from(fd: OwnedFd) -> PipeWriter {
        PipeWriter(fd.into())
    }
}

impl From<PipeReader> for OwnedFd {
    fn from(reader: PipeReader) -> OwnedFd {
        reader.0.into()
    }
}

impl From<PipeWriter> for OwnedFd {
    fn from(writer: PipeWriter) -> OwnedFd {
        writer.0.into()
    }
}

impl AsFd for PipeReader {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for PipeWriter {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
