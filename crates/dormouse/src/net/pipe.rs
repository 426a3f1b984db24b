//! Pipes.

mod reader;
mod writer;

pub use reader::PipeReader;
pub use writer::PipeWriter;

use super::error::with_context;
use crate::io::{AsyncFd, Interest, Mode};
use crate::trace::Origin;
use rustix::fs::{FileType, Mode as CreateMode, OFlags, fcntl_getfl, fstat, open};
use rustix::io::Errno;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// Creates a pipe, and returns its read end and its write end.
///
/// To open a FIFO, which has a path, use [`PipeReader::open`] and [`PipeWriter::open`].
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// let (reader, writer) = dormouse::net::pipe()?;
/// writer.write_all(b"hello").await?;
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
/// A child process expects a blocking end. [`into_blocking_fd`](PipeWriter::into_blocking_fd) returns one, which a
/// `Command` takes. The other end stays non-blocking: each end has a mode of its own.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use std::process::Command;
///
/// # dormouse::block_on(async {
/// let (reader, writer) = dormouse::net::pipe()?;
/// let mut command = Command::new("echo");
/// let mut child = command.arg("hello").stdout(writer.into_blocking_fd()?).spawn()?;
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
#[track_caller]
pub fn pipe() -> io::Result<(PipeReader, PipeWriter)> {
    let origin = Origin::caller();
    let (writer, reader) = mio::unix::pipe::new()?;
    Ok((
        register_created(OwnedFd::from(reader).into(), Interest::READABLE, origin)?.into(),
        register_created(OwnedFd::from(writer).into(), Interest::WRITABLE, origin)?.into(),
    ))
}

/// Registers an end that this crate has opened non-blocking.
fn register_created(file: File, interest: Interest, origin: Origin) -> io::Result<AsyncFd<File>> {
    AsyncFd::created_for(file, interest, Mode::NonBlocking, origin)
}

/// Opens a FIFO. `access` is `RDONLY` or `WRONLY`.
#[track_caller]
fn open_fifo(path: &Path, access: OFlags, interest: Interest) -> io::Result<AsyncFd<File>> {
    let origin = Origin::caller();
    let open = || {
        let flags = access | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let file = File::from(open(path, flags, CreateMode::empty())?);
        check(&file, access)?;
        register_created(file, interest, origin)
    };
    open().map_err(|err| match Errno::from_io_error(&err) {
        // Unchanged, because callers match it.
        Some(Errno::NXIO) => err,
        _ => with_context(err, format_args!("cannot open {path:?}")),
    })
}

/// An error if `file` is no pipe, or if it is not open for `access`, `RDONLY` or `WRONLY`.
fn check(file: &File, access: OFlags) -> io::Result<()> {
    if !FileType::from_raw_mode(fstat(file)?.st_mode).is_fifo() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is not a pipe"));
    }
    let found = fcntl_getfl(file)? & OFlags::ACCMODE;
    if found != access && found != OFlags::RDWR {
        let direction = if access == OFlags::RDONLY { "reading" } else { "writing" };
        let message = format!("the pipe is not open for {direction}");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    Ok(())
}
