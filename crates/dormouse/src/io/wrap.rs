//! The constructors of [`AsyncFd`], which register the fd. (The first wait registers a connection of `net`.)
//!
//! # Invariants
//! - If an object cannot be registered, it is returned unchanged: its fd is set non-blocking only after the
//!   registration.

use super::blocking::Mode;
use super::{AsSource, AsyncFd};
use crate::reactor::{Interest, Reactor, Registration};
use crate::trace::Origin;
use std::error::Error;
use std::fmt;
use std::io;

impl<T: AsSource> AsyncFd<T> {
    /// Registers the fd for reading and writing, with [`Reactor::current`].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::net::UdpSocket;
    /// let socket = AsyncFd::new(UdpSocket::bind("127.0.0.1:0")?)?;
    /// dormouse::block_on(async { socket.writable().await.map(drop) })
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [the type](Self#errors).
    #[doc(alias = "register")]
    #[track_caller]
    pub fn new(inner: T) -> io::Result<AsyncFd<T>> {
        AsyncFd::with_interest(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// Registers the fd for `interest` only, with [`Reactor::current`].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// let (reader, _writer) = std::os::unix::net::UnixStream::pair()?;
    /// let reader = AsyncFd::with_interest(reader, Interest::READABLE)?;
    /// # let _ = reader;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [the type](Self#errors).
    #[doc(alias = "register_with_interest")]
    #[track_caller]
    pub fn with_interest(inner: T, interest: Interest) -> io::Result<AsyncFd<T>> {
        AsyncFd::wrap(Reactor::current(), inner, interest, Mode::Unknown, Origin::caller())
    }

    /// Registers the fd for `interest`, with the given reactor.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use dormouse::reactor::Reactor;
    /// let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
    /// let interest = Interest::READABLE | Interest::WRITABLE;
    /// let socket = AsyncFd::new_on(&Reactor::builtin(), socket, interest)?;
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [the type](Self#errors).
    #[track_caller]
    pub fn new_on(reactor: &Reactor, inner: T, interest: Interest) -> io::Result<AsyncFd<T>> {
        AsyncFd::wrap(reactor.clone(), inner, interest, Mode::Unknown, Origin::caller())
    }

    /// [`new`](Self::new), but the error contains the object.
    ///
    /// ```
    /// use dormouse::io::AsyncFd;
    /// use std::fs::File;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// # let file = File::open("/")?;
    /// match AsyncFd::try_new(file) {
    ///     Ok(_fd) => println!("supports readiness"),
    ///     Err(error) => {
    ///         let (file, cause) = error.into_parts();
    ///         println!("{cause}"); // use `file` directly
    /// #       drop(file);
    ///     }
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [the type](Self#errors).
    #[track_caller]
    pub fn try_new(inner: T) -> Result<AsyncFd<T>, AsyncFdTryNewError<T>> {
        AsyncFd::try_with_interest(inner, Interest::READABLE | Interest::WRITABLE)
    }

    /// [`with_interest`](Self::with_interest), but the error contains the object.
    ///
    /// ```
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::fs::File;
    /// use std::io::Read;
    ///
    /// # fn main() -> std::io::Result<()> {
    /// // Standard input may be a pipe or a regular file.
    /// # let input = File::open("/proc/self/cmdline")?;
    /// let mut bytes = Vec::new();
    /// match AsyncFd::try_with_interest(input, Interest::READABLE) {
    ///     Ok(_pipe) => println!("read it asynchronously"),
    ///     Err(file) => {
    ///         file.into_parts().0.read_to_end(&mut bytes)?;
    ///     }
    /// }
    /// # assert!(!bytes.is_empty());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// See [the type](Self#errors).
    #[track_caller]
    pub fn try_with_interest(
        inner: T,
        interest: Interest,
    ) -> Result<AsyncFd<T>, AsyncFdTryNewError<T>> {
        AsyncFd::register(Reactor::current(), inner, interest, Mode::Unknown, Origin::caller())
    }

    /// Wraps an object that this crate has created in `mode`, for reading and writing.
    pub(crate) fn created(inner: T, mode: Mode, origin: Origin) -> io::Result<AsyncFd<T>> {
        AsyncFd::created_for(inner, Interest::READABLE | Interest::WRITABLE, mode, origin)
    }

    /// Wraps an object that this crate has created in `mode`, for `interest` only.
    pub(crate) fn created_for(
        inner: T,
        interest: Interest,
        mode: Mode,
        origin: Origin,
    ) -> io::Result<AsyncFd<T>> {
        AsyncFd::wrap(Reactor::current(), inner, interest, mode, origin)
    }

    /// Wraps a connected socket that this crate has created in `mode`. The first wait registers it.
    pub(crate) fn connected(inner: T, interest: Interest, mode: Mode) -> io::Result<AsyncFd<T>> {
        let registration = Reactor::current().register_later(inner, interest, Origin::UNKNOWN);
        let set_blocking = mode.set_non_blocking(registration.get_ref())?;
        Ok(AsyncFd { registration, set_blocking })
    }

    /// Wraps a socket in `mode` that connects. A wait until it is writable follows, so that is registered at once.
    pub(crate) fn connecting(inner: T, interest: Interest, mode: Mode) -> io::Result<AsyncFd<T>> {
        let reactor = Reactor::current();
        let registered = reactor.register_or_next(inner, interest, interest, Origin::UNKNOWN);
        AsyncFd::registered(registered, mode).map_err(|err| err.cause)
    }

    fn wrap(
        reactor: Reactor,
        inner: T,
        interest: Interest,
        mode: Mode,
        origin: Origin,
    ) -> io::Result<AsyncFd<T>> {
        AsyncFd::register(reactor, inner, interest, mode, origin).map_err(|err| err.cause)
    }

    fn register(
        reactor: Reactor,
        inner: T,
        interest: Interest,
        mode: Mode,
        origin: Origin,
    ) -> Result<AsyncFd<T>, AsyncFdTryNewError<T>> {
        AsyncFd::registered(
            reactor.register_or_next(inner, interest, interest.eager(), origin),
            mode,
        )
    }

    /// Sets the fd non-blocking, once it is registered.
    fn registered(
        registered: Result<Registration<T>, (T, io::Error)>,
        mode: Mode,
    ) -> Result<AsyncFd<T>, AsyncFdTryNewError<T>> {
        let registration =
            registered.map_err(|(inner, cause)| AsyncFdTryNewError { inner, cause })?;
        match mode.set_non_blocking(registration.get_ref()) {
            Ok(set_blocking) => Ok(AsyncFd { registration, set_blocking }),
            Err(cause) => Err(AsyncFdTryNewError { inner: registration.into_inner(), cause }),
        }
    }
}

/// The error of [`AsyncFd::try_new`] and [`AsyncFd::try_with_interest`]. It contains the object.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::AsyncFd;
/// use std::fs::File;
///
/// let error = AsyncFd::try_new(File::open("/")?).unwrap_err();
/// assert!(error.to_string().contains("Regular files and directories are always ready"));
/// let (directory, cause): (File, std::io::Error) = error.into_parts();
/// # let _ = (directory, cause);
/// # Ok(())
/// # }
/// ```
#[doc(alias = "AsyncFdRegisterError")]
pub struct AsyncFdTryNewError<T> {
    inner: T,
    cause: io::Error,
}

impl<T> AsyncFdTryNewError<T> {
    /// Returns the object, and the reason why it could not be registered.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let (directory, cause) = AsyncFd::try_new(std::fs::File::open("/")?).unwrap_err().into_parts();
    /// assert!(directory.metadata()?.is_dir());
    /// println!("{cause}");
    /// # Ok(())
    /// # }
    /// ```
    pub fn into_parts(self) -> (T, io::Error) {
        (self.inner, self.cause)
    }
}

impl<T> fmt::Display for AsyncFdTryNewError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.cause.fmt(f)
    }
}

impl<T> fmt::Debug for AsyncFdTryNewError<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AsyncFdTryNewError").field(&self.cause).finish()
    }
}

impl<T> Error for AsyncFdTryNewError<T> {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        self.cause.source()
    }
}

impl<T> From<AsyncFdTryNewError<T>> for io::Error {
    fn from(error: AsyncFdTryNewError<T>) -> io::Error {
        error.cause
    }
}
