//! Unix datagram sockets.

use super::UnixDatagram;
use super::connect::retry_until_room;
use super::error::{DisplayAddr, with_context};
use super::unix::{path_address, remove_path};
use crate::io::{AsyncFd, Interest, Mode};
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

impl AsyncFd<net::UnixDatagram> {
    /// Creates a socket bound to a path.
    ///
    /// The path must not exist yet, and is not removed when the socket is closed. It is removed if this function fails
    /// after it has created it.
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
    ///
    /// # Errors
    /// `AddrInUse` if the path exists, even if it is the path of a closed socket. The error names the path. If the
    /// socket cannot be registered: see [the type](Self#errors).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_addr(&path_address(path.as_ref())?)
    }

    /// Creates a socket bound to an address, which can be an abstract name on Linux.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        net::UnixDatagram::bind_addr(address)
            .and_then(|socket| {
                AsyncFd::created(socket, Mode::Blocking).inspect_err(|_| remove_path(address))
            })
            .map_err(|err| {
                with_context(err, format_args!("cannot bind to {}", DisplayAddr(address)))
            })
    }

    /// Creates an unnamed socket. Other sockets have no address to send to it.
    ///
    /// # Errors
    /// If the process has too many fds, or the socket cannot be registered: see [the type](Self#errors).
    pub fn unbound() -> io::Result<UnixDatagram> {
        net::UnixDatagram::unbound().and_then(|socket| AsyncFd::created(socket, Mode::Blocking))
    }

    /// Creates two sockets that are connected to each other.
    ///
    /// # Errors
    /// If the process has too many fds, or a socket cannot be registered: see [the type](Self#errors).
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((AsyncFd::created(one, Mode::Blocking)?, AsyncFd::created(other, Mode::Blocking)?))
    }

    /// Sets the peer. [`send`](Self::send) sends to it, and only its datagrams are received.
    ///
    /// # Errors
    /// If there is no such socket, or access is denied. The error names the path.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.connect_addr(&path_address(path.as_ref())?)
    }

    /// Like [`connect`](Self::connect), for an address, which can be an abstract name on Linux.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        let connected = self.get_ref().connect_addr(address);
        connected.map_err(|err| {
            with_context(err, format_args!("cannot connect to {}", DisplayAddr(address)))
        })
    }

    /// Sends a datagram to the peer, as soon as its receive queue has room.
    ///
    /// # Errors
    /// Those of send(2). If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.async_io(Interest::WRITABLE, |socket| socket.send(datagram)).await
    }

    /// Sends a datagram to the socket at a path, as soon as its receive queue has room.
    ///
    /// The system does not report when the queue has room, so the call retries with a delay of at most 32 ms of real
    /// time, in virtual time too. If that is too long, use [`connect`](Self::connect) and [`send`](Self::send).
    ///
    /// # Errors
    /// Those of sendto(2). The error names the path.
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send_to(&self, datagram: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let address = path_address(path.as_ref())?;
        self.send_to_addr(datagram, &address).await
    }

    /// Like [`send_to`](Self::send_to), for an address, which can be an abstract name on Linux.
    ///
    /// # Errors
    /// Those of [`send_to`](Self::send_to).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send_to_addr(&self, datagram: &[u8], address: &SocketAddr) -> io::Result<usize> {
        let sent = retry_until_room(|| self.get_ref().send_to_addr(datagram, address)).await;
        sent.map_err(|err| {
            with_context(err, format_args!("cannot send to {}", DisplayAddr(address)))
        })
    }

    /// Receives a datagram, and returns its length. A datagram that is longer than the buffer is truncated.
    ///
    /// # Errors
    /// Those of recv(2). If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is received.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(Interest::READABLE, |socket| socket.recv(buffer)).await
    }

    /// Receives a datagram, and returns its length and the address of the sender. A datagram that is longer than
    /// the buffer is truncated.
    ///
    /// # Errors
    /// Those of recvfrom(2). If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is received.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.async_io(Interest::READABLE, |socket| socket.recv_from(buffer)).await
    }
}
