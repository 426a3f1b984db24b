//! [`UnixStream`]: a connected Unix stream socket.

use super::address::path_address;
use crate::io::{AsyncFd, HasAsyncFd, Interest, Mode};
use crate::net::error::with_context;
use crate::net::unix::display_addr::DisplayAddr;
use crate::net::unix::retry::retry_until_room;
use crate::trace::Origin;
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

/// A connected Unix stream socket.
///
/// Any number of tasks can use it through a shared reference. It also implements the traits for reading and writing of
/// the [features](crate::io#reading-and-writing) that are on, and so does `&UnixStream`.
///
/// To shut down one direction, call `shutdown` or `close` of those traits, or
/// [`shutdown`](net::UnixStream::shutdown) of std: `stream.as_ref().shutdown(Shutdown::Write)`.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::{UnixListener, UnixStream};
/// # let path = std::env::temp_dir().join(format!("dormouse-doc-stream-{}", std::process::id()));
/// # let _ = std::fs::remove_file(&path);
/// # dormouse::block_on(async {
/// let listener = UnixListener::bind(&path)?;
/// let client = UnixStream::connect(&path).await?;
/// let (server, _address) = listener.accept().await?;
/// std::fs::remove_file(&path)?;
///
/// client.write_all(b"hello").await?;
/// assert_eq!(server.read(&mut [0; 16]).await?, 5);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UnixStream(AsyncFd<net::UnixStream>);

impl UnixStream {
    /// Connects to the socket at a path, or at an abstract name: see [addresses](crate::net::unix#addresses).
    ///
    /// If the listener's backlog is full, retries until it has room, with a delay of at most 32 ms.
    ///
    /// ```
    /// use dormouse::net::UnixStream;
    /// use std::io::ErrorKind;
    /// # dormouse::block_on(async {
    /// let error = UnixStream::connect("/no/such/socket").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// assert!(error.to_string().starts_with("cannot connect to \"/no/such/socket\": "));
    /// # })
    /// ```
    ///
    /// # Errors
    /// If there is no such socket, it has no listener, or access is denied. `InvalidInput` if the path
    /// [is no address](crate::net::unix#addresses). The error names the path. A socket that
    /// [cannot be registered](AsyncFd#connections) is returned.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        let address = path_address(path.as_ref())?;
        UnixStream::connect_addr(&address).await
    }

    /// Connects to an address, which can be an abstract name on Linux.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{UnixListener, UnixStream};
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-addr-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # dormouse::block_on(async {
    /// let listener = UnixListener::bind(&path)?;
    /// let stream = UnixStream::connect_addr(&listener.local_addr()?).await?;
    /// # let _ = stream;
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        retry_until_room(|| mio::net::UnixStream::connect_addr(address))
            .await
            .and_then(|stream| AsyncFd::connected(stream.into(), Interest::BOTH, Mode::NonBlocking))
            .map(UnixStream)
            .map_err(|err| {
                with_context(err, format_args!("cannot connect to {}", DisplayAddr(address)))
            })
    }

    /// Creates two sockets that are connected to each other.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixStream;
    /// # dormouse::block_on(async {
    /// let (one, other) = UnixStream::pair()?;
    /// one.write_all(b"hello").await?;
    /// assert_eq!(other.read(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the process has too many fds, or a socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    #[doc(alias = "socketpair")]
    #[track_caller]
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        let origin = Origin::caller();
        let register = |socket| AsyncFd::created(socket, Mode::Blocking, origin).map(UnixStream);
        Ok((register(one)?, register(other)?))
    }

    /// The address of this end. That of a client is usually unnamed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixStream)]
    /// assert!(stream.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }

    /// The address of the other end. That of a client is usually unnamed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixStream)]
    /// assert!(stream.peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getpeername(2).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }
}

socket!(read stream: UnixStream(std::os::unix::net::UnixStream), |_| Interest::READABLE | Interest::WRITABLE);
stream_read!(stream: UnixStream, example_set_up!(UnixStream));
stream_write!(stream: UnixStream, example_set_up!(UnixStream));
