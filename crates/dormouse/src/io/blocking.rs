//! The blocking mode of an fd: wrapping sets the status flag `O_NONBLOCK`, and [`AsyncFd::into_blocking`] restores it.
//!
//! The mode has to be read before it is set. Reading and setting the status flags with fcntl(2) takes no longer than
//! setting the mode with ioctl(2), which does not report what it was: 255 and 250 ns on Linux 6.18.

use super::AsyncFd;
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::ioctl_fionbio;
use std::io;
use std::os::fd::AsFd;

/// What is known about the mode of an fd that is to be wrapped.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Mode {
    /// The fd is the caller's.
    Unknown,
    /// This crate has created the fd, with no status flag set.
    Blocking,
    /// This crate has created the fd, non-blocking.
    NonBlocking,
}

impl Mode {
    /// Sets the fd non-blocking. Returns whether [`AsyncFd::into_blocking`] sets it blocking again.
    pub(super) fn set_non_blocking(self, fd: &impl AsFd) -> io::Result<bool> {
        let flags = match self {
            Mode::NonBlocking => return Ok(true),
            Mode::Blocking => OFlags::empty(),
            Mode::Unknown => fcntl_getfl(fd)?,
        };
        let blocking = !flags.contains(OFlags::NONBLOCK);
        if blocking {
            fcntl_setfl(fd, flags | OFlags::NONBLOCK)?;
        }
        Ok(blocking)
    }
}

pub(crate) fn is_blocking(fd: &impl AsFd) -> io::Result<bool> {
    Ok(!fcntl_getfl(fd)?.contains(OFlags::NONBLOCK))
}

impl<T: AsFd> AsyncFd<T> {
    /// Deregisters the fd and returns the object. It stays non-blocking.
    ///
    /// To pass it to code that expects a blocking fd, or to a child process, use
    /// [`into_blocking`](Self::into_blocking). An `AsyncFd` that wraps the object again finds it non-blocking.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let socket = AsyncFd::new(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// let socket = socket.into_inner();
    /// let again = AsyncFd::new(socket)?;
    /// # let _ = again;
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_inner(self) -> T {
        self.registration.into_inner()
    }

    /// Deregisters the fd, restores its blocking mode, and returns the object.
    ///
    /// The fd is blocking again if it was blocking when it was wrapped, or if this crate has created it:
    /// [`pipe`](crate::net::pipe), and the functions of [`net`](crate::net) that connect, accept or bind. An fd that was
    /// non-blocking when it was wrapped stays non-blocking. The mode is that of the
    /// [open file description](Self#blocking-mode), so it changes for each duplicate of the fd, and for another `AsyncFd`
    /// around one.
    ///
    /// For the halves of [`into_split`](Self::into_split), [`reunite`](super::ReadHalf::reunite) them first.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixStream;
    /// use std::io::{Read, Write};
    ///
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let mut theirs: std::os::unix::net::UnixStream = theirs.into_blocking()?;
    /// let thread = std::thread::spawn(move || {
    ///     let mut request = [0; 4];
    ///     theirs.read_exact(&mut request)?; // waits until the bytes arrive
    ///     theirs.write_all(&request)
    /// });
    /// dormouse::block_on(async {
    ///     ours.write(b"ping").await?;
    ///     assert_eq!(ours.read(&mut [0; 16]).await?, 4);
    ///     thread.join().expect("no panic")
    /// })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the system call that sets the mode is refused, for example by a sandbox. Then the object is dropped.
    pub fn into_blocking(self) -> io::Result<T> {
        let set_blocking = self.set_blocking;
        let inner = self.into_inner();
        if set_blocking {
            ioctl_fionbio(&inner, false)?;
        }
        Ok(inner)
    }
}
