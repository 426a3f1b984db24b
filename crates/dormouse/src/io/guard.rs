//! The readiness that a wait returned, and clearing it.

use super::{AsSource, AsyncFd, Ready};
use crate::reactor::ReadyEvent;
use std::error::Error;
use std::fmt;
use std::io;

/// The methods that both guards have: those that only read and clear the readiness. The examples differ in how they bind
/// the `AsyncFd`, and in the methods that return the guard.
macro_rules! guard {
    ($Guard:ident, $mut:literal, $writable:ident, $ready:ident) => {
        impl<T: AsSource> $Guard<'_, T> {
            /// Clears the readiness. Call it only after an operation returned `WouldBlock`, or has read or written less
            /// than it could.
            ///
            /// An event that was reported after the guard was created is not cleared. Nor is a hang-up
            /// ([`READ_CLOSED`](Ready::READ_CLOSED), [`WRITE_CLOSED`](Ready::WRITE_CLOSED)) that the fd still reports:
            /// the next wait returns it at once. To wait on such an fd for a change, for instance on a FIFO for its next
            /// writer, use [`async_io`](AsyncFd::async_io). Tasks that wait for another interest keep their readiness.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use dormouse::io::AsyncFd;
            /// use std::io::{ErrorKind, Write};
            /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
            #[doc = concat!("let ", $mut, "writer = AsyncFd::new(writer)?;")]
            /// dormouse::block_on(async {
            ///     loop {
            #[doc = concat!("        let mut guard = writer.", stringify!($writable), "().await?;")]
            ///         match guard.get_inner().write(&[0; 4096]) {
            ///             Err(err) if err.kind() == ErrorKind::WouldBlock => {
            ///                 guard.clear_ready(); // the send buffer is full
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

            /// Clears a part of the readiness.
            ///
            /// After a wait for several interests, clear only that of the operation that returned `WouldBlock`.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use dormouse::io::{AsyncFd, Interest, Ready};
            /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
            #[doc = concat!("let ", $mut, "stream = AsyncFd::new(stream)?;")]
            /// dormouse::block_on(async {
            ///     let interest = Interest::READABLE | Interest::WRITABLE;
            #[doc = concat!("    let mut guard = stream.", stringify!($ready), "(interest).await?;")]
            ///     guard.clear_ready_matching(Ready::READABLE);
            ///     assert!(guard.ready().is_writable());
            ///     Ok(())
            /// })
            /// # }
            /// ```
            pub fn clear_ready_matching(&mut self, ready: Ready) {
                self.fd.registration.clear_readiness(self.event, ready);
                self.event.ready = self.event.ready - ready;
            }

            /// Does nothing: the readiness is kept, as it is when the guard is dropped. A call states that this is
            /// intended.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use dormouse::io::AsyncFd;
            /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
            #[doc = concat!("let ", $mut, "stream = AsyncFd::new(stream)?;")]
            /// dormouse::block_on(async {
            #[doc = concat!("    stream.", stringify!($writable), "().await?.retain_ready();")]
            #[doc = concat!("    stream.", stringify!($writable), "().await?.retain_ready(); // completes at once")]
            ///     Ok(())
            /// })
            /// # }
            /// ```
            pub fn retain_ready(&mut self) {}

            /// The readiness of the fd, limited to the interest that was waited for.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            /// use dormouse::io::AsyncFd;
            /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
            #[doc = concat!("let ", $mut, "stream = AsyncFd::new(stream)?;")]
            /// dormouse::block_on(async {
            #[doc = concat!("    assert!(stream.", stringify!($writable), "().await?.ready().is_writable());")]
            ///     Ok(())
            /// })
            /// # }
            /// ```
            pub fn ready(&self) -> Ready {
                self.event.ready
            }

            /// What `try_io` returns after an operation with this result.
            pub(super) fn tried<R>(
                &mut self,
                result: io::Result<R>,
            ) -> Result<io::Result<R>, TryIoError> {
                let tried = TryIoError::of(result).inspect_err(|_| self.clear_ready());
                tried.inspect(|_| self.fd.registration.succeeded(self.event))
            }
        }

        impl<T: AsSource + fmt::Debug> fmt::Debug for $Guard<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($Guard))
                    .field("fd", &self.fd)
                    .field("ready", &self.event.ready)
                    .finish()
            }
        }
    };
}

/// The readiness of an [`AsyncFd`] at the time when the guard was created.
///
/// Dropping the guard does not clear the readiness. If an operation returns `WouldBlock`, clear it; otherwise the
/// next wait returns immediately. [`try_io`](Self::try_io) does that.
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
///         Err(_would_block) => unreachable!("an empty pipe buffer has space"),
///     }
///     Ok(())
/// })
/// # }
/// ```
#[must_use = "readiness is kept until it is cleared; to keep it, call `retain_ready` or drop the guard"]
pub struct AsyncFdReadyGuard<'a, T: AsSource> {
    fd: &'a AsyncFd<T>,
    event: ReadyEvent,
}

impl<'a, T: AsSource> AsyncFdReadyGuard<'a, T> {
    pub(super) fn new(fd: &'a AsyncFd<T>, event: ReadyEvent) -> Self {
        AsyncFdReadyGuard { fd, event }
    }

    /// Calls `f`, and clears the readiness if it returns `WouldBlock`.
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
    ///
    /// # Errors
    /// [`TryIoError`] if `f` returned `WouldBlock`: wait again. The inner result contains other errors.
    pub fn try_io<R>(
        &mut self,
        f: impl FnOnce(&'a AsyncFd<T>) -> io::Result<R>,
    ) -> Result<io::Result<R>, TryIoError> {
        let result = f(self.fd);
        self.tried(result)
    }

    /// The [`AsyncFd`].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let stream = AsyncFd::new(stream)?;
    /// println!("{}", dormouse::block_on(stream.writable())?.get_ref().reactor().name());
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &'a AsyncFd<T> {
        self.fd
    }

    /// The object that the [`AsyncFd`] wraps.
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

guard!(AsyncFdReadyGuard, "", writable, ready);

/// The error of the `try_io` of a guard if the operation returned `WouldBlock`.
///
/// ```
/// fn assert_error<E: std::error::Error>() {}
/// assert_error::<dormouse::io::TryIoError>();
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TryIoError(());

impl TryIoError {
    /// Separates `WouldBlock` from other results.
    pub(super) fn of<R>(result: io::Result<R>) -> Result<io::Result<R>, TryIoError> {
        match result {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => Err(TryIoError(())),
            result => Ok(result),
        }
    }
}

impl fmt::Display for TryIoError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the operation would block; its readiness has been cleared")
    }
}

impl Error for TryIoError {}
