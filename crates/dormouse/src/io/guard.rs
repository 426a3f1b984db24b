//! Readiness that was reported, and what becomes of it.

use super::{AsyncFd, Ready};
use crate::reactor::ReadyEvent;
use std::error::Error;
use std::fmt;
use std::io;
use std::os::fd::AsFd;

/// Readiness of an [`AsyncFd`], as it was when the guard was made.
///
/// Dropping the guard leaves the readiness as it is. An operation that was seen to block has to clear
/// it, or the next wait returns at once: [`try_io`](Self::try_io) does both.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::AsyncFd;
/// use std::io::Write;
///
/// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
/// let writer = AsyncFd::new(writer)?;
/// dormouse::block_on(async {
///     let mut guard = writer.writable().await?;
///     match guard.try_io(|fd| fd.get_ref().write(b"x")) {
///         Ok(written) => assert_eq!(written?, 1),
///         Err(_would_block) => unreachable!("an empty buffer has room"),
///     }
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "readiness stays until it is cleared; to leave it as it is, drop the guard"]
pub struct AsyncFdReadyGuard<'a, T: AsFd> {
    fd: &'a AsyncFd<T>,
    event: ReadyEvent,
}

impl<'a, T: AsFd> AsyncFdReadyGuard<'a, T> {
    pub(super) fn new(fd: &'a AsyncFd<T>, event: ReadyEvent) -> Self {
        AsyncFdReadyGuard { fd, event }
    }

    /// Does an operation on the fd. If it says `WouldBlock`, the readiness is cleared.
    ///
    /// # Errors
    /// [`TryIoError`] if the operation said `WouldBlock`; then wait again. Other errors are in the
    /// inner result.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Write;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let writer = AsyncFd::new(writer)?;
    /// dormouse::block_on(async {
    ///     let mut guard = writer.writable().await?;
    ///     let written = guard.try_io(|fd| fd.get_ref().write(b"x"));
    ///     assert!(matches!(written, Ok(Ok(1))));
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        match f(self.fd) {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
                self.clear_ready();
                Err(TryIoError(()))
            }
            done => Ok(done),
        }
    }

    /// Forgets the readiness: to be called when an operation was seen to block, and only then.
    ///
    /// Readiness that was reported after the guard was made is not forgotten.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::io::{ErrorKind, Write};
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let writer = AsyncFd::new(writer)?;
    /// dormouse::block_on(async {
    ///     loop {
    ///         let mut guard = writer.writable().await?;
    ///         match writer.get_ref().write(&[0; 4096]) {
    ///             Err(err) if err.kind() == ErrorKind::WouldBlock => {
    ///                 guard.clear_ready(); // full
    ///                 return Ok(());
    ///             }
    ///             written => written?,
    ///         };
    ///     }
    /// })
    /// # }
    /// ```
    pub fn clear_ready(&mut self) {
        self.clear_ready_matching(Ready::ALL);
    }

    /// Forgets some of the readiness: after a wait for several interests, that of the operation
    /// that was seen to block.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest, Ready};
    /// let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let ours = AsyncFd::new(ours)?;
    /// dormouse::block_on(async {
    ///     let mut guard = ours.ready(Interest::READABLE | Interest::WRITABLE).await?;
    ///     guard.clear_ready_matching(Ready::READABLE);
    ///     assert!(guard.ready().is_writable());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn clear_ready_matching(&mut self, ready: Ready) {
        self.fd.clear(self.event, ready);
        self.event.ready = Ready(self.event.ready.0 & !ready.0);
    }

    /// What the fd is ready for, of what was waited for.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let (ours, _theirs) = std::os::unix::net::UnixStream::pair()?;
    /// let ours = AsyncFd::new(ours)?;
    /// dormouse::block_on(async {
    ///     assert!(ours.writable().await?.ready().is_writable());
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn ready(&self) -> Ready {
        self.event.ready
    }

    /// The object inside the [`AsyncFd`].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let socket = AsyncFd::new(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// dormouse::block_on(async {
    ///     let guard = socket.writable().await?;
    ///     println!("{}", guard.get_inner().local_addr()?);
    ///     Ok(())
    /// })
    /// # }
    /// ```
    pub fn get_inner(&self) -> &'a T {
        self.fd.get_ref()
    }
}

impl<T: AsFd + fmt::Debug> fmt::Debug for AsyncFdReadyGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncFdReadyGuard")
            .field("fd", self.fd)
            .field("ready", &self.event.ready)
            .finish()
    }
}

/// The operation would have blocked: what [`AsyncFdReadyGuard::try_io`] says then.
///
/// ```
/// fn assert_error<E: std::error::Error>() {}
/// assert_error::<dormouse::io::TryIoError>();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryIoError(());

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block; its readiness has been cleared")
    }
}

impl Error for TryIoError {}
