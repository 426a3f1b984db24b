//! Unix sockets: connecting, listening, accepting.

use super::connect::until_there_is_room;
use super::error::{self, Name, failed};
use super::{UnixListener, UnixStream};
use crate::io::{AsyncFd, Interest};
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

/// The address of a path, or an error that says what is wrong with it.
pub(super) fn address(path: &Path) -> io::Result<SocketAddr> {
    SocketAddr::from_pathname(path)
        .map_err(|err| failed(err, format_args!("cannot use {} as an address", path.display())))
}

impl AsyncFd<net::UnixStream> {
    /// Connects to the socket at a path.
    ///
    /// If the listener's backlog is full, it waits until there is room.
    ///
    /// ```
    /// use dormouse::net::UnixStream;
    /// use std::io::ErrorKind;
    /// # dormouse::block_on(async {
    /// let error = UnixStream::connect("/nobody/listens").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// assert!(error.to_string().starts_with("cannot connect to /nobody/listens: "));
    /// # })
    /// ```
    ///
    /// # Errors
    /// If there is no such socket, or nobody listens on it, or it may not be used. The error names the
    /// path. And if the socket cannot be watched, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropped, it closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixStream> {
        let address = address(path.as_ref())?;
        UnixStream::connect_addr(&address).await
    }

    /// Connects to a socket by its address, which may be an abstract name on Linux.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropped, it closes the socket.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<UnixStream> {
        let connected = until_there_is_room(|| mio::net::UnixStream::connect_addr(address)).await;
        connected
            .and_then(|stream| AsyncFd::new(stream.into()))
            .map_err(|err| failed(err, format_args!("cannot connect to {}", Name(address))))
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    /// If the process has too many fds, or one cannot be watched, see [the type](Self#errors).
    pub fn pair() -> io::Result<(UnixStream, UnixStream)> {
        let (one, other) = net::UnixStream::pair()?;
        Ok((AsyncFd::new(one)?, AsyncFd::new(other)?))
    }
}

impl AsyncFd<net::UnixListener> {
    /// Listens on a socket at a path, which must not be there yet, and stays there afterwards.
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
    /// `AddrInUse` if there is something at the path, be it a socket that nobody listens on any more.
    /// The error names the path. And if the socket cannot be watched, see [the type](Self#errors).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        UnixListener::bind_addr(&address(path.as_ref())?)
    }

    /// Listens on an address, which may be an abstract name on Linux.
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
    /// As [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        net::UnixListener::bind_addr(address)
            .and_then(|listener| AsyncFd::with_interest(listener, Interest::READABLE))
            .map_err(|err| failed(err, format_args!("cannot listen on {}", Name(address))))
    }

    /// Waits for a connection; returns it, and where it is from: a socket without a name, as a rule.
    ///
    /// # Errors
    /// If the process has no more fds, a connection stays in the backlog, and the next call fails at once:
    /// sleep a little before it. The error names the address listened on.
    ///
    /// # Cancel safety
    /// No connection is lost: one that was not returned is there for the next call.
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accepted = self.async_io(Interest::READABLE, |listener| listener.accept()).await;
        accepted
            .and_then(|(stream, peer)| Ok((AsyncFd::new(stream)?, peer)))
            .map_err(|err| cannot_accept(self.get_ref(), err))
    }

    /// The connections that come, as a stream without end.
    ///
    /// Of several tasks that wait on streams of one listener, the last is woken; from several tasks,
    /// call [`accept`](Self::accept).
    #[cfg(feature = "stream")]
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn incoming(&self) -> impl futures_core::Stream<Item = io::Result<UnixStream>> + Unpin {
        super::incoming::Incoming::new(self, |listener| Ok(listener.accept()?.0), cannot_accept)
    }
}

fn cannot_accept(listener: &net::UnixListener, err: io::Error) -> io::Error {
    error::cannot_accept(listener.local_addr().map(Name), err)
}
