//! [`PipeReader`]: the read end of a pipe.

use super::{check, open_fifo};
use crate::io::{AsyncFd, HasAsyncFd, Interest};
use rustix::fs::OFlags;
use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

/// The read end of a [`pipe`](super::pipe()) or a FIFO.
///
/// It also implements the traits for reading of the [features](crate::io#reading-and-writing) that are on, and so does
/// `&PipeReader`.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// let (reader, writer) = dormouse::net::pipe()?;
/// writer.write_all(b"hello").await?;
/// assert_eq!(reader.read(&mut [0; 16]).await?, 5);
/// # Ok(())
/// # })
/// # }
/// ```
#[doc(alias = "FIFO")]
#[doc(alias = "Receiver")]
#[doc(alias = "open_receiver")]
pub struct PipeReader(AsyncFd<File>);

impl PipeReader {
    /// Opens the FIFO at a path for reading.
    ///
    /// It does not wait for a writer. [`read`](Self::read) does: it returns 0 only after the last writer has closed the
    /// FIFO. Another writer may open it then. To keep it from ending, open it for writing too, and use
    /// [`from_file`](Self::from_file).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{PipeReader, PipeWriter};
    /// # use rustix::fs::{CWD, FileType, Mode, mknodat};
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-fifo-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    /// # dormouse::block_on(async {
    /// let reader = PipeReader::open(&path)?;
    /// let writer = PipeWriter::open(&path)?;
    /// writer.write_all(b"hello").await?;
    /// assert_eq!(reader.read(&mut [0; 16]).await?, 5);
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of open(2). `InvalidInput` if it is not a FIFO. The error names the path. If the fd cannot be registered:
    /// see [`AsyncFd`](AsyncFd#errors).
    #[track_caller]
    pub fn open(path: impl AsRef<Path>) -> io::Result<PipeReader> {
        open_fifo(path.as_ref(), OFlags::RDONLY, Interest::READABLE).map(PipeReader)
    }

    /// Registers the read end of a pipe, or a FIFO that is open for reading, with
    /// [`Reactor::current`](crate::reactor::Reactor::current). It is set non-blocking, unless it is already.
    ///
    /// A FIFO that is open for writing too has no end of file (Linux only), and opening it does not wait:
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::PipeReader;
    /// use std::fs::File;
    /// # use rustix::fs::{CWD, FileType, Mode, mknodat};
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-file-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
    /// let fifo = File::options().read(true).write(true).open(&path)?;
    /// let reader = PipeReader::from_file(fifo)?;
    /// # let _ = reader;
    /// # std::fs::remove_file(&path)
    /// # }
    /// # #[cfg(not(target_os = "linux"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// `InvalidInput` if it is not a pipe, or not open for reading. If it cannot be registered: see
    /// [`AsyncFd`](AsyncFd#errors). In each case it is closed.
    #[track_caller]
    pub fn from_file(file: File) -> io::Result<PipeReader> {
        check(&file, OFlags::RDONLY)?;
        AsyncFd::with_interest(file, Interest::READABLE).map(PipeReader)
    }

    /// Like [`from_file`](Self::from_file), for example for the output of a child process.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::PipeReader;
    /// use std::process::{Command, Stdio};
    ///
    /// # dormouse::block_on(async {
    /// let mut child = Command::new("echo").arg("hello").stdout(Stdio::piped()).spawn()?;
    /// let stdout = child.stdout.take().expect("it is piped");
    /// let reader = PipeReader::from_owned_fd(stdout.into())?;
    /// assert_eq!(reader.read(&mut [0; 16]).await?, 6);
    /// assert!(child.wait()?.success());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`from_file`](Self::from_file).
    #[track_caller]
    pub fn from_owned_fd(fd: OwnedFd) -> io::Result<PipeReader> {
        PipeReader::from_file(fd.into())
    }
}

handle!(read reader: PipeReader(std::fs::File));
owned_fd!(reader: PipeReader);
stream_read!(reader: PipeReader, example_set_up!(PipeReader));
