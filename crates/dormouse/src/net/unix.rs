//! Unix stream sockets and listeners.

use super::connect::retry_until_room;
use super::error::{self, DisplayAddr, with_context};
use super::{UnixListener, UnixStream, sys};
use crate::io::{AsyncFd, Interest, Mode};
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

/// The address for a path, or an error that names the path.
pub(super) fn path_address(path: &Path) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(path).map_err(|err| {
        with_context(err, format_args!("cannot use {} as an address", path.display()))
    })
}

/// Removes the path of a socket that has been bound, but cannot be registered. Otherwise the next call would fail with
/// `AddrInUse`.
#[cold]
pub(super) fn remove_path(address: &SocketAddr) {
    if let Some(path) = address.as_pathname() {
        let _ = std::fs::remove_file(path);
    }
}

impl AsyncFd<net::UnixStream> {
    /// Connects to the socket at a path.
    ///
    /// If the listener's backlog is full, retries until it has room, with a delay of at most 32 ms.
    ///
    /// ```
    /// use dormouse::net::UnixStream;
    /// use std::io::ErrorKind;
    /// # dormouse::block_on(async {
    /// let error = UnixStream::connect("/no/such/socket").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// assert!(error.to_string().starts_with("cannot connect to /no/such/socket: "));
    /// # })
    /// ```
    ///
    /// # Errors
    /// If there is no such socket, it has no listener, or access is denied. The error names the path. A socket
    /// that [cannot be registered](Self#connections) is returned.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        let address = path_address(path.as_ref())?;
        UnixStream::connect_addr(&address).await
    }

    /// Connects to an address, which can be an abstract name on Linux.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        let connected = retry_until_room(|| mio::net::UnixStream::connect_addr(address)).await;
        connected.and_then(|stream| AsyncFd::connected(stream.into(), Mode::NonBlocking)).map_err(
            |err| with_context(err, format_args!("cannot connect to {}", DisplayAddr(address))),
        )
    }

    /// Creates two sockets that are connected to each other.
    ///
    /// # Errors
    /// If the process has too many fds, or a socket cannot be registered: see [the type](Self#errors).
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((AsyncFd::created(one, Mode::Blocking)?, AsyncFd::created(other, Mode::Blocking)?))
    }
}

impl AsyncFd<net::UnixListener> {
    /// Creates a listener bound to a path.
    ///
    /// The path must not exist yet, and is not removed when the socket is closed. It is removed if this function fails
    /// after it has created it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{UnixListener, UnixStream};
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # dormouse::block_on(async {
    /// let listener = UnixListener::bind(&path)?;
    /// let client = UnixStream::connect(&path).await?;
    /// let (server, _address) = listener.accept().await?;
    /// std::fs::remove_file(&path)?;
    ///
    /// client.write(b"hello").await?;
    /// assert_eq!(server.read(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `AddrInUse` if the path exists, even if it is the path of a closed socket. The error names the path. If the
    /// socket cannot be registered: see [the type](Self#errors).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        UnixListener::bind_addr(&path_address(path.as_ref())?)
    }

    /// Creates a listener bound to an address, which can be an abstract name on Linux.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{UnixListener, UnixStream};
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    ///
    /// let name = format!("dormouse-{}", std::process::id());
    /// let address = SocketAddr::from_abstract_name(name)?;
    /// let listener = UnixListener::bind_addr(&address)?;
    /// let stream = dormouse::block_on(UnixStream::connect_addr(&address))?;
    /// # let _ = (listener, stream);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(target_os = "linux"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        net::UnixListener::bind_addr(address)
            .and_then(|listener| {
                AsyncFd::created_for(listener, Interest::READABLE, Mode::Blocking)
                    .inspect_err(|_| remove_path(address))
            })
            .map_err(|err| {
                with_context(err, format_args!("cannot listen on {}", DisplayAddr(address)))
            })
    }

    /// Accepts a connection, and returns it with the address of the peer, which is usually unnamed.
    ///
    /// # Errors
    /// If the process has no fds left. Then the connection stays in the backlog, so the next call fails immediately:
    /// sleep before it. The error names the address of the listener.
    ///
    /// A connection that is accepted, but [cannot be registered](Self#connections), is returned.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: it stays in the backlog for the next call.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accepted = self.async_io(Interest::READABLE, sys::accept_unix).await;
        accepted
            .and_then(|(stream, peer)| Ok((AsyncFd::connected(stream, sys::ACCEPTED)?, peer)))
            .map_err(|err| cannot_accept(self.get_ref(), err))
    }
}

pub(super) fn cannot_accept(listener: &net::UnixListener, err: io::Error) -> io::Error {
    error::cannot_accept(listener.local_addr().map(DisplayAddr), err)
}
