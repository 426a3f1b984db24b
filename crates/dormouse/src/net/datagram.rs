//! Datagrams between processes of one machine.

use super::UnixDatagram;
use super::connect::until_there_is_room;
use super::error::{Name, failed};
use super::unix::address;
use crate::io::{AsyncFd, Interest};
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;

impl AsyncFd<net::UnixDatagram> {
    /// Makes a socket at a path, which must not be there yet, and stays there afterwards.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixDatagram;
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-log-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// # dormouse::block_on(async {
    /// let log = UnixDatagram::bind(&path)?;
    /// UnixDatagram::unbound()?.send_to(b"all is well", &path).await?;
    /// std::fs::remove_file(&path)?;
    ///
    /// let mut buffer = [0; 1024];
    /// let (len, _from) = log.recv_from(&mut buffer).await?;
    /// assert_eq!(&buffer[..len], b"all is well");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `AddrInUse` if there is something at the path, be it a socket that nobody has open any more. The
    /// error names the path. And if the socket cannot be watched, see [the type](Self#errors).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixDatagram> {
        UnixDatagram::bind_addr(&address(path.as_ref())?)
    }

    /// Makes a socket with an address, which may be an abstract name on Linux.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixDatagram> {
        net::UnixDatagram::bind_addr(address)
            .and_then(AsyncFd::new)
            .map_err(|err| failed(err, format_args!("cannot bind to {}", Name(address))))
    }

    /// Makes a socket without a name: nobody can answer it.
    ///
    /// # Errors
    /// If the process has too many fds, or the socket cannot be watched, see [the type](Self#errors).
    pub fn unbound() -> io::Result<UnixDatagram> {
        net::UnixDatagram::unbound().and_then(AsyncFd::new)
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    /// If the process has too many fds, or one cannot be watched, see [the type](Self#errors).
    pub fn pair() -> io::Result<(UnixDatagram, UnixDatagram)> {
        let (one, other) = net::UnixDatagram::pair()?;
        Ok((AsyncFd::new(one)?, AsyncFd::new(other)?))
    }

    /// Sets the peer: [`send`](Self::send) sends to it, and only what it sends is received.
    ///
    /// # Errors
    /// If there is no such socket, or it may not be used. The error names the path.
    pub fn connect(&self, path: impl AsRef<Path>) -> io::Result<()> {
        self.connect_addr(&address(path.as_ref())?)
    }

    /// Like [`connect`](Self::connect), by an address, which may be an abstract name on Linux.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_addr(&self, address: &SocketAddr) -> io::Result<()> {
        let connected = self.get_ref().connect_addr(address);
        connected.map_err(|err| failed(err, format_args!("cannot connect to {}", Name(address))))
    }

    /// Sends a datagram to the peer, as soon as it has room.
    ///
    /// # Errors
    /// Those of send(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.async_io(Interest::WRITABLE, |socket| socket.send(datagram)).await
    }

    /// Sends a datagram to the socket at a path, as soon as that has room.
    ///
    /// The system does not tell when that is. So it is tried again after a pause, of 32 ms at the most.
    /// Where that is too long, [`connect`](Self::connect) and [`send`](Self::send).
    ///
    /// # Errors
    /// Those of sendto(2). The error names the path.
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub async fn send_to(&self, datagram: &[u8], path: impl AsRef<Path>) -> io::Result<usize> {
        let address = address(path.as_ref())?;
        self.send_to_addr(datagram, &address).await
    }

    /// Like [`send_to`](Self::send_to), to an address, which may be an abstract name on Linux.
    ///
    /// # Errors
    /// As [`send_to`](Self::send_to).
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub async fn send_to_addr(&self, datagram: &[u8], address: &SocketAddr) -> io::Result<usize> {
        let sent = until_there_is_room(|| self.get_ref().send_to_addr(datagram, address)).await;
        sent.map_err(|err| failed(err, format_args!("cannot send to {}", Name(address))))
    }

    /// Receives a datagram, and returns its length. What is longer than the buffer is cut off.
    ///
    /// # Errors
    /// Those of recv(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropped, it has received nothing.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(Interest::READABLE, |socket| socket.recv(buffer)).await
    }

    /// Receives a datagram, and returns its length and where it is from. What is longer than the buffer
    /// is cut off.
    ///
    /// # Errors
    /// Those of recvfrom(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropped, it has received nothing.
    pub async fn recv_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.async_io(Interest::READABLE, |socket| socket.recv_from(buffer)).await
    }
}
