//! UDP.

use super::UdpSocket;
use super::error::failed;
use crate::io::{AsyncFd, Interest};
use std::io;
use std::net::{self, SocketAddr};

impl AsyncFd<net::UdpSocket> {
    /// Makes a socket with an address of its own; port 0 is any that is free.
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
    /// If the address is in use, or not one of this machine, or not allowed. The error names it. And
    /// if the socket cannot be watched, see [the type](Self#errors).
    pub fn bind(address: impl Into<SocketAddr>) -> io::Result<UdpSocket> {
        let address = address.into();
        net::UdpSocket::bind(address)
            .and_then(AsyncFd::new)
            .map_err(|err| failed(err, format_args!("cannot bind a UDP socket to {address}")))
    }

    /// Sets the peer: [`send`](Self::send) sends to it, and only what it sends is received. Nothing is
    /// sent yet, so there is nothing to wait for.
    ///
    /// # Errors
    /// If there is no way to the address. The error names it.
    pub fn connect(&self, address: impl Into<SocketAddr>) -> io::Result<()> {
        let address = address.into();
        let connected = self.get_ref().connect(address);
        connected.map_err(|err| failed(err, format_args!("cannot connect to {address}")))
    }

    /// Sends a datagram to the peer set by [`connect`](Self::connect).
    ///
    /// # Errors
    /// Those of send(2), among them what has become of an earlier datagram (`ConnectionRefused`); and if
    /// the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub async fn send(&self, datagram: &[u8]) -> io::Result<usize> {
        self.async_io(Interest::WRITABLE, |socket| socket.send(datagram)).await
    }

    /// Sends a datagram to an address.
    ///
    /// # Errors
    /// Those of sendto(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub async fn send_to(
        &self,
        datagram: &[u8],
        address: impl Into<SocketAddr>,
    ) -> io::Result<usize> {
        let address = address.into();
        self.async_io(Interest::WRITABLE, |socket| socket.send_to(datagram, address)).await
    }

    /// Receives a datagram from the peer set by [`connect`](Self::connect), and returns its length. What
    /// is longer than the buffer is cut off.
    ///
    /// # Errors
    /// Those of recv(2), among them what has become of an earlier datagram (`ConnectionRefused`); and if
    /// the reactor is gone, see [the type](Self#errors).
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

    /// Like [`recv`](Self::recv), but leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(Interest::READABLE, |socket| socket.peek(buffer)).await
    }

    /// Like [`recv_from`](Self::recv_from), but leaves the datagram to be received again.
    ///
    /// # Errors
    /// As [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.async_io(Interest::READABLE, |socket| socket.peek_from(buffer)).await
    }
}
