//! [`PipeWriter`]: the write end of a pipe.

use super::{check, open_fifo};
use crate::io::{AsyncFd, HasAsyncFd, Interest};
use rustix::fs::OFlags;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// The write end of a [`pipe`](super::pipe()) or a FIFO.
///
/// It also implements the traits for writing of the [features](crate::io#reading-and-writing) that are on, and so does
/// `&PipeWriter`. Closing it through them does nothing: the reader reads the end of file when it is dropped.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// let (reader, writer) = dormouse::net::pipe()?;
/// writer.write_all(b"hello").await?;
/// drop(writer);
/// assert_eq!(reader.read(&mut [0; 16]).await?, 5);
/// assert_eq!(reader.read(&mut [0; 16]).await?, 0);
/// # Ok(())
/// # })
/// # }
/// ```
#[doc(alias = "FIFO")]
#[doc(alias = "Sender")]
#[doc(alias = "open_sender")]
pub struct PipeWriter(AsyncFd<File>);

impl PipeWriter {
    /// Opens the FIFO at a path for writing. It must be open for reading already.
    ///
    /// No event reports that a reader has opened it. So without a reader it fails, and the caller can try again later:
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{PipeReader, PipeWriter};
    /// use dormouse::sleep;
    /// use std::time::Duration;
    /// # use rustix::fs::{CWD, FileType, Mode, mknodat};
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-fifo-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    /// # dormouse::block_on(async {
    /// # let mut reader = None;
    /// let writer = loop {
    ///     match PipeWriter::open(&path) {
    ///         Ok(writer) => break writer,
    ///         Err(error) if error.raw_os_error() == Some(rustix::io::Errno::NXIO.raw_os_error()) => {}
    ///         Err(error) => return Err(error),
    ///     }
    /// #   reader = Some(PipeReader::open(&path)?);
    ///     sleep(Duration::from_millis(20)).await;
    /// };
    /// writer.write_all(b"hello").await?;
    /// # assert!(reader.is_some());
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `ENXIO`, as `raw_os_error`, if it is not open for reading. Those of open(2). `InvalidInput` if it is not a FIFO. All
    /// but `ENXIO` name the path. If the fd cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> io::Result<PipeWriter> {
        open_fifo(path.as_ref(), OFlags::WRONLY, Interest::WRITABLE).map(PipeWriter)
    }

    /// Registers the write end of a pipe, or a FIFO that is open for writing, with
    /// [`Reactor::current`](crate::reactor::Reactor::current). It is set non-blocking, unless it is already.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::PipeWriter;
    /// use std::fs::File;
    /// # use rustix::fs::{CWD, FileType, Mode, mknodat};
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-file-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    /// # let _reader = dormouse::net::PipeReader::open(&path)?;
    /// let fifo = File::options().write(true).open(&path)?; // waits for a reader
    /// let writer = PipeWriter::from_file(fifo)?;
    /// # let _ = writer;
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` if it is not a pipe, or not open for writing. If it cannot be registered: see
    /// [`AsyncFd`](AsyncFd#errors). In each case it is closed.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<PipeWriter> {
        check(&file, OFlags::WRONLY)?;
        AsyncFd::with_interest(file, Interest::WRITABLE).map(PipeWriter)
    }

    /// Like [`from_file`](Self::from_file), for example for the input of a child process.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::PipeWriter;
    /// use std::process::{Command, Stdio};
    ///
    /// # dormouse::block_on(async {
    /// let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
    /// let stdin = child.stdin.take().expect("it is piped");
    /// let writer = PipeWriter::from_owned_fd(stdin.into())?;
    /// writer.write_all(b"hello").await?;
    /// drop(writer);
    /// assert!(child.wait()?.success());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`from_file`](Self::from_file).
    #[track_caller]
    pub fn from_owned_fd(fd: OwnedFd) -> io::Result<PipeWriter> {
        PipeWriter::from_file(fd.into())
    }
}

handle!(write writer: PipeWriter(std::fs::File));
owned_fd!(writer: PipeWriter);
stream_write!(writer: PipeWriter, example_set_up!(PipeWriter));
