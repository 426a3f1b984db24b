//! UDP sockets.

use super::UdpSocket;
use super::error::with_context;
use crate::io::{AsyncFd, Interest, Mode};
use std::io;
use std::net::{self, SocketAddr};

impl AsyncFd<net::UdpSocket> {
    /// Creates a socket bound to a local address. Port 0 selects a free port.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UdpSocket;
    /// use std::net::Ipv4Addr;
    /// # dormouse::block_on(async {
    /// let server = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// let client = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// client.connect(server.get_ref().local_addr()?)?;
    /// client.send(b"ping").await?;
    ///
    /// let mut buffer = [0; 1500];
    /// let (len, from) = server.recv_from(&mut buffer).await?;
    /// server.send_to(&buffer[..len], from).await?;
    /// assert_eq!(client.recv(&mut buffer).await?, 4);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address is in use, not local, or not permitted. The error names it. If the socket cannot be
    /// registered: see [the type](Self#errors).
    pub fn bind(address: impl Into<SocketAddr>) -> io::Result<UdpSocket> {
        let address = address.into();
        net::UdpSocket::bind(address)
            .and_then(|socket| AsyncFd::created(socket, Mode::Blocking))
            .map_err(|err| with_context(err, format_args!("cannot bind a UDP socket to {address}")))
    }

    /// Sets the peer. [`send`](Self::send) sends to it, and only its datagrams are received.
    ///
    /// Not async: connecting a UDP socket sends nothing, so there is nothing to wait for.
    ///
    /// # Errors
    /// If there is no route to the address. The error names it.
    pub fn connect(&self, address: impl Into<SocketAddr>) -> io::Result<()> {
        let address = address.into();
        let connected = self.get_ref().connect(address);
        connected.map_err(|err| with_context(err, format_args!("cannot connect to {address}")))
    }

    /// Sends a datagram to the peer set by [`connect`](Self::connect).
    ///
    /// # Errors
    /// Those of send(2), including the error of an earlier datagram (`ConnectionRefused`). If no reactor can
    /// register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.async_io(Interest::WRITABLE, |socket| socket.send(datagram)).await
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    /// Those of sendto(2). If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send_to(
        &self,
        datagram: &[u8],
        address: impl Into<SocketAddr>,
    ) -> io::Result<usize> {
        let address = address.into();
        self.async_io(Interest::WRITABLE, |socket| socket.send_to(datagram, address)).await
    }

    /// Receives a datagram from the peer set by [`connect`](Self::connect), and returns its length. A datagram
    /// that is longer than the buffer is truncated.
    ///
    /// # Errors
    /// Those of recv(2), including the error of an earlier datagram (`ConnectionRefused`). If no reactor can
    /// register the fd: see [the type](Self#errors).
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

    /// Like [`recv`](Self::recv), but leaves the datagram in the receive queue.
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// No datagram is lost.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(Interest::READABLE, |socket| socket.peek(buffer)).await
    }

    /// Like [`recv_from`](Self::recv_from), but leaves the datagram in the receive queue.
    ///
    /// # Errors
    /// Those of [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    /// No datagram is lost.
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.async_io(Interest::READABLE, |socket| socket.peek_from(buffer)).await
    }
}
