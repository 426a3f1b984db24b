//! Pipes.

use crate::io::{AsyncFd, Interest, Mode, is_blocking};
use rustix::io::ioctl_fionbio;
use std::fs::File;
use std::io::{self, IoSlice, IoSliceMut, Read, Write};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::Stdio;

/// Creates a pipe, and returns its read end and its write end.
///
/// To open a FIFO, which has a path, wrap a `File`: [`read`](AsyncFd::read) waits for its first writer.
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
/// # Child processes
/// A child process expects a blocking end. [`into_blocking`](AsyncFd::into_blocking) returns one, which converts into a
/// `Stdio` or an `OwnedFd`. The other end stays non-blocking: each end has a mode of its own.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::process::{Command, Stdio};
///
/// # dormouse::block_on(async {
/// let (reader, writer) = dormouse::net::pipe()?;
/// let mut command = Command::new("echo");
/// let mut child = command.arg("hello").stdout(Stdio::from(writer.into_blocking()?)).spawn()?;
/// drop(command); // it owns the write end, so the reader would not read end of file
///
/// let mut buffer = [0; 16];
/// assert_eq!(reader.read(&mut buffer).await?, 6);
/// assert_eq!(reader.read(&mut buffer).await?, 0);
/// assert!(child.wait()?.success());
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # `SIGPIPE`
/// A write to a pipe without a reader raises this signal, which Rust programs ignore: then it returns `BrokenPipe`. In a
/// program that does not ignore it, the signal ends the program.
///
/// # Errors
/// If the process has too many fds, or an end cannot be registered: see [`AsyncFd`](AsyncFd#errors).
pub fn pipe() -> io::Result<(AsyncFd<PipeReader>, AsyncFd<PipeWriter>)> {
    let (writer, reader) = mio::unix::pipe::new()?;
    let end = |fd: OwnedFd| End { file: fd.into(), blocking: true };
    let reader = PipeReader(end(reader.into()));
    let writer = PipeWriter(end(writer.into()));
    Ok((
        AsyncFd::created_for(reader, Interest::READABLE, Mode::NonBlocking)?,
        AsyncFd::created_for(writer, Interest::WRITABLE, Mode::NonBlocking)?,
    ))
}

/// The read end of a pipe: see [`pipe`].
///
/// Converted into an `OwnedFd` or a `Stdio`, it is blocking. If it was converted from an `OwnedFd`, it is again as it was
/// then.
#[derive(Debug)]
pub struct PipeReader(End);

/// The write end of a pipe: see [`pipe`].
///
/// Converted into an `OwnedFd` or a `Stdio`, it is blocking. If it was converted from an `OwnedFd`, it is again as it was
/// then.
#[derive(Debug)]
pub struct PipeWriter(End);

#[derive(Debug)]
struct End {
    file: File,
    /// Whether the fd is set blocking before it is handed out.
    blocking: bool,
}

impl From<OwnedFd> for End {
    fn from(fd: OwnedFd) -> End {
        let blocking = is_blocking(&fd).unwrap_or(false);
        End { file: fd.into(), blocking }
    }
}

impl From<End> for OwnedFd {
    fn from(end: End) -> OwnedFd {
        if end.blocking {
            // Fails only if a sandbox refuses the system call. Then the fd is still usable.
            let _ = ioctl_fionbio(&end.file, false);
        }
        end.file.into()
    }
}

impl Read for &PipeReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&self.0.file).read(buffer)
    }

    fn read_vectored(&mut self, buffers: &mut [IoSliceMut<'_>]) -> io::Result<usize> {
        (&self.0.file).read_vectored(buffers)
    }
}

impl Write for &PipeWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&self.0.file).write(bytes)
    }

    fn write_vectored(&mut self, buffers: &[IoSlice<'_>]) -> io::Result<usize> {
        (&self.0.file).write_vectored(buffers)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

// The conversions are the same for both ends.
macro_rules! conversions {
    ($($end:ident)*) => {$(
        impl From<OwnedFd> for $end {
            fn from(fd: OwnedFd) -> $end {
                $end(fd.into())
            }
        }

        impl From<$end> for OwnedFd {
            fn from(end: $end) -> OwnedFd {
                end.0.into()
            }
        }

        impl From<$end> for Stdio {
            fn from(end: $end) -> Stdio {
                OwnedFd::from(end).into()
            }
        }

        impl AsFd for $end {
            fn as_fd(&self) -> BorrowedFd<'_> {
                self.0.file.as_fd()
            }
        }
    )*};
}

conversions!(PipeReader PipeWriter);
