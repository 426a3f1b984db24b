//! Access to the object in an [`AsyncFd`], and taking it out.

use super::{AsSource, AsyncFd, blocking};
use std::io;

impl<T: AsSource> AsyncFd<T> {
    /// The wrapped object.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// let socket = AsyncFd::new(std::net::UdpSocket::bind("127.0.0.1:0")?)?;
    /// println!("bound to {}", socket.get_ref().local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_ref(&self) -> &T {
        self.registration.get_ref()
    }

    /// The wrapped object, mutably.
    ///
    /// The object must keep its file descriptor: if it is replaced, the new fd is not registered. (A replacement does
    /// not affect other objects, even if one of them gets the number of the closed fd.)
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::Write;
    /// let (stream, _peer) = std::os::unix::net::UnixStream::pair()?;
    /// let mut stream = AsyncFd::new(stream)?;
    /// stream.get_mut().write_all(b"x")?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.registration.get_mut()
    }

    /// From here on, only an operation that returned `WouldBlock` clears readiness. Called when a stream of `net` becomes an
    /// `AsyncFd`.
    pub(crate) fn without_short_reads(self) -> AsyncFd<T> {
        self.registration.forbid_short_reads();
        self
    }

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
    /// The fd is blocking again if it was blocking when it was wrapped, or if it comes from a socket or pipe that
    /// [`net`](crate::net) has created (`into_async_fd`). An fd that was non-blocking when it was wrapped stays
    /// non-blocking. The mode is that of the [open file description](Self#blocking-mode), so it changes for each duplicate
    /// of the fd, and for another `AsyncFd` around one.
    ///
    /// For the halves of [`into_split`](Self::into_split), [`reunite`](super::OwnedReadHalf::reunite) them first.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::io::{Read, Write};
    /// use std::os::unix::net::UnixStream;
    ///
    /// let (ours, theirs) = UnixStream::pair()?;
    /// let (ours, theirs) = (AsyncFd::new(ours)?, AsyncFd::new(theirs)?);
    /// let mut theirs: UnixStream = theirs.into_blocking()?;
    /// let thread = std::thread::spawn(move || {
    ///     let mut request = [0; 4];
    ///     theirs.read_exact(&mut request)?; // waits until the bytes arrive
    ///     theirs.write_all(&request)
    /// });
    /// dormouse::block_on(async {
    ///     ours.write_all(b"ping").await?;
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
            blocking::set_blocking(&inner)?;
        }
        Ok(inner)
    }
}
