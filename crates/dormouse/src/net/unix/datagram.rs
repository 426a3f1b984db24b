//! [`UnixDatagram`]: a Unix datagram socket.

use super::address::{path_address, remove_path};
use crate::io::{AsyncFd, HasAsyncFd, Interest, Mode};
use crate::net::error::with_context;
use crate::net::unix::display_addr::DisplayAddr;
use crate::net::unix::retry::retry_until_room;
use crate::trace::Origin;
use std::io;
use std::net::Shutdown;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

/// A Unix datagram socket.
///
/// Any number of tasks can send and receive through a shared reference. No datagram is lost, and a sender waits until the
/// receiver has room.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::UnixDatagram;
/// # let path = std::env::temp_dir().join(format!("dormouse-doc-log-{}", std::process::id()));
/// # let _ = std::fs::remove_file(&path);
/// # dormouse::block_on(async {
/// let log = UnixDatagram::bind(&path)?;
/// UnixDatagram::unbound()?.send_to(b"started", &path).await?;
/// std::fs::remove_file(&path)?;
///
/// let mut buffer = [0; 1024];
/// let (len, _from) = log.recv_from(&mut buffer).await?;
/// assert_eq!(&buffer[..len], b"started");
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UnixDatagram(AsyncFd<net::UnixDatagram>);

impl UnixDatagram {
    /// Creates a socket bound to a path, or to an abstract name: see [addresses](crate::net::unix#addresses).
    ///
    /// The path must not exist yet, and is not removed when the socket is closed. It is removed if this function fails
    /// after it has created it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixDatagram;
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-bind-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// let socket = UnixDatagram::bind(&path)?;
    /// # let _ = socket;
    /// std::fs::remove_file(&path)?; // at the end, so that the next `bind` succeeds
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `AddrInUse` if the path exists, even if it is the path of a closed socket. `InvalidInput` if the path
    /// [is no address](crate::net::unix#addresses). The error names the path. If the socket cannot be registered: see
    /// [`AsyncFd`](AsyncFd#errors).
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_addr(&path_address(path.as_ref())?)
    }

    /// Creates a socket bound to an address, which can be an abstract name on Linux.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixDatagram;
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    /// let name = format!("dormouse-{}", std::process::id());
    /// let socket = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// # #[cfg(not(target_os = "linux"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        let origin = Origin::caller();
        net::UnixDatagram::bind_addr(address)
            .and_then(|socket| {
                AsyncFd::created(socket, Mode::Blocking, origin)
                    .inspect_err(|_| remove_path(address))
            })
            .map(UnixDatagram)
            .map_err(|err| {
                with_context(err, format_args!("cannot bind to {}", DisplayAddr(address)))
            })
    }

    /// Creates an unnamed socket. Other sockets have no address to send to it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixDatagram;
    /// let socket = UnixDatagram::unbound()?;
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the process has too many fds, or the socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    #[track_caller]
    pub fn unbound() -> io::Result<UnixDatagram> {
        let socket = net::UnixDatagram::unbound()?;
        AsyncFd::created(socket, Mode::Blocking, Origin::caller()).map(UnixDatagram)
    }

    /// Creates two sockets that are connected to each other.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixDatagram;
    /// # dormouse::block_on(async {
    /// let (one, other) = UnixDatagram::pair()?;
    /// one.send(b"hello").await?;
    /// assert_eq!(other.recv(&mut [0; 16]).await?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the process has too many fds, or a socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    #[track_caller]
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        let origin = Origin::caller();
        let register = |socket| AsyncFd::created(socket, Mode::Blocking, origin).map(UnixDatagram);
        Ok((register(one)?, register(other)?))
    }

    /// Sets the peer. [`send`](Self::send) sends to it, and only its datagrams are received.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixDatagram;
    /// let error = UnixDatagram::unbound()?.connect("/no/such/socket").unwrap_err();
    /// assert!(error.to_string().starts_with("cannot connect to \"/no/such/socket\": "));
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If there is no such socket, or access is denied. `InvalidInput` if the path
    /// [is no address](crate::net::unix#addresses). The error names the path.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.connect_addr(&path_address(path.as_ref())?)
    }

    /// Like [`connect`](Self::connect), for an address, which can be an abstract name on Linux.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-addr-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// use dormouse::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.connect_addr(&receiver.local_addr()?)?;
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        self.0.get_ref().connect_addr(address).map_err(|err| {
            with_context(err, format_args!("cannot connect to {}", DisplayAddr(address)))
        })
    }

    /// Sends a datagram to the socket at a path, or at an abstract name, as soon as its receive queue has room.
    ///
    /// The system does not report when the queue has room, so the call retries with a delay of at most 32 ms of real
    /// time, in virtual time too. If that is too long, use [`connect`](Self::connect) and [`send`](Self::send).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixDatagram;
    /// # dormouse::block_on(async {
    /// let error = UnixDatagram::unbound()?.send_to(b"hello", "/no/such/socket").await.unwrap_err();
    /// assert!(error.to_string().starts_with("cannot send to \"/no/such/socket\": "));
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of sendto(2). `InvalidInput` if the path [is no address](crate::net::unix#addresses). The error names the
    /// path.
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send_to(&self, datagram: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let address = path_address(path.as_ref())?;
        self.send_to_addr(datagram, &address).await
    }

    /// Like [`send_to`](Self::send_to), for an address, which can be an abstract name on Linux.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-to-addr-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// use dormouse::net::UnixDatagram;
    /// # dormouse::block_on(async {
    /// let receiver = UnixDatagram::bind(&path)?;
    /// let sender = UnixDatagram::unbound()?;
    /// sender.send_to_addr(b"hello", &receiver.local_addr()?).await?;
    /// # std::fs::remove_file(&path)
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`send_to`](Self::send_to).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send_to_addr(&self, datagram: &[u8], address: &SocketAddr) -> io::Result<usize> {
        let sent = retry_until_room(|| self.0.get_ref().send_to_addr(datagram, address)).await;
        sent.map_err(|err| cannot_send(err, address))
    }

    /// Like [`send_to`](Self::send_to), without waiting.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-try-to-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// use dormouse::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// UnixDatagram::unbound()?.try_send_to(b"hello", &path)?;
    /// assert_eq!(receiver.try_recv(&mut [0; 16])?, 5);
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    ///
    /// # Errors
    /// `WouldBlock` if the receive queue has no room. Those of [`send_to`](Self::send_to).
    pub fn try_send_to(&self, datagram: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        self.try_send_to_addr(datagram, &path_address(path.as_ref())?)
    }

    /// Like [`send_to_addr`](Self::send_to_addr), without waiting.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-try-addr-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// use dormouse::net::UnixDatagram;
    /// let receiver = UnixDatagram::bind(&path)?;
    /// UnixDatagram::unbound()?.try_send_to_addr(b"hello", &receiver.local_addr()?)?;
    /// assert_eq!(receiver.try_recv(&mut [0; 16])?, 5);
    /// # std::fs::remove_file(&path)
    /// # }
    /// ```
    ///
    /// # Errors
    /// `WouldBlock` if the receive queue has no room. Those of [`send_to`](Self::send_to).
    pub fn try_send_to_addr(&self, datagram: &[u8], address: &SocketAddr) -> io::Result<usize> {
        // Not `try_io`: the readiness of this socket does not depend on the queue of the receiver.
        self.0.get_ref().send_to_addr(datagram, address).map_err(|err| match err.kind() {
            io::ErrorKind::WouldBlock => err,
            _ => cannot_send(err, address),
        })
    }

    /// The address that the socket is bound to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixDatagram)]
    /// assert!(socket.local_addr()?.is_unnamed());
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

    /// The address of the peer that [`connect`](Self::connect) has set.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixDatagram)]
    /// assert!(socket.peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `NotConnected` if no peer is set.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Shuts down receiving, sending or both.
    ///
    /// A [`send`](Self::send) returns `BrokenPipe` then, also that of the peer. A [`recv`](Self::recv) waits on, although no
    /// datagram will arrive: on Linux, recv(2) reports no end of file for a datagram socket that is non-blocking.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::io::ErrorKind;
    /// use std::net::Shutdown;
    #[doc = example_set_up!(UnixDatagram)]
    /// socket.shutdown(Shutdown::Both)?;
    /// assert_eq!(socket.try_send(b"hello").unwrap_err().kind(), ErrorKind::BrokenPipe);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.get_ref().shutdown(how)
    }
}

#[cold]
fn cannot_send(err: io::Error, address: &SocketAddr) -> io::Error {
    with_context(err, format_args!("cannot send to {}", DisplayAddr(address)))
}

socket!(receive socket: UnixDatagram(std::os::unix::net::UnixDatagram), |_| Interest::READABLE | Interest::WRITABLE);
datagram!(
    UnixDatagram,
    datagram,
    net::UnixDatagram::send,
    net::UnixDatagram::recv,
    example_set_up!(UnixDatagram)
);
datagram_from!(
    UnixDatagram,
    SocketAddr,
    crate::net::sys::std_unix_address,
    net::UnixDatagram::recv_from,
    example_set_up!(UnixDatagram)
);
