//! Receiving that leaves the datagram in the receive queue.

use super::UdpSocket;
use crate::io::Interest;
use socket2::SockRef;
use std::io;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};

impl UdpSocket {
    /// Like [`recv`](Self::recv), but leaves the datagram in the receive queue.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// let mut first = [0];
    /// socket.peek(&mut first).await?;
    /// assert_eq!(&first, b"h");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`recv`](Self::recv).
    ///
    /// # Cancel safety
    /// No datagram is lost.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.async_io(Interest::READABLE, |socket| socket.peek(buffer)).await
    }

    /// Like [`peek`](Self::peek), without waiting.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// assert_eq!(socket.try_peek(&mut [0; 1500])?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `WouldBlock` if there is no datagram. Those of [`recv`](Self::recv).
    pub fn try_peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.0.try_io(Interest::READABLE, |socket| socket.peek(buffer))
    }

    /// Like [`recv_from`](Self::recv_from), but leaves the datagram in the receive queue.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// let (len, sender) = socket.peek_from(&mut [0; 1500]).await?;
    /// println!("{len} bytes from {sender}");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    /// No datagram is lost.
    pub async fn peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.async_io(Interest::READABLE, |socket| socket.peek_from(buffer)).await
    }

    /// Like [`peek_from`](Self::peek_from), without waiting.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// let (len, sender) = socket.try_peek_from(&mut [0; 1500])?;
    /// println!("{len} bytes from {sender}");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `WouldBlock` if there is no datagram. Those of [`recv_from`](Self::recv_from).
    pub fn try_peek_from(&self, buffer: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.try_io(Interest::READABLE, |socket| socket.peek_from(buffer))
    }

    /// Polls a [`peek`](Self::peek), for use in a manual `Future` impl.
    ///
    /// Only the last task that called this method, or another poll function that receives, is woken.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::future::poll_fn;
    #[doc = example_set_up!(UdpSocket)]
    /// let mut buffer = [0; 1500];
    /// let received = poll_fn(|cx| socket.poll_peek(cx, &mut buffer)).await?;
    /// println!("{received:?}");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`peek`](Self::peek).
    pub fn poll_peek(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        self.0.poll_read_with(cx, |socket| socket.peek(buffer))
    }

    /// Polls a [`peek_from`](Self::peek_from), for use in a manual `Future` impl.
    ///
    /// Only the last task that called this method, or another poll function that receives, is woken.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::future::poll_fn;
    #[doc = example_set_up!(UdpSocket)]
    /// let mut buffer = [0; 1500];
    /// let received = poll_fn(|cx| socket.poll_peek_from(cx, &mut buffer)).await?;
    /// println!("{received:?}");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`peek_from`](Self::peek_from).
    pub fn poll_peek_from(
        &self,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.0.poll_read_with(cx, |socket| socket.peek_from(buffer))
    }

    /// Returns the sender of the next datagram, and leaves the datagram in the receive queue.
    ///
    /// If several tasks receive, another one may have received the datagram meanwhile.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// let sender = socket.peek_sender().await?;
    /// assert_eq!(sender, socket.recv_from(&mut [0; 1500]).await?.1);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`recv_from`](Self::recv_from).
    ///
    /// # Cancel safety
    /// No datagram is lost.
    pub async fn peek_sender(&self) -> io::Result<SocketAddr> {
        self.0.async_io(Interest::READABLE, peek_sender).await
    }

    /// Like [`peek_sender`](Self::peek_sender), without waiting.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// println!("from {}", socket.try_peek_sender()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `WouldBlock` if there is no datagram. Those of [`recv_from`](Self::recv_from).
    pub fn try_peek_sender(&self) -> io::Result<SocketAddr> {
        self.0.try_io(Interest::READABLE, peek_sender)
    }

    /// Polls a [`peek_sender`](Self::peek_sender), for use in a manual `Future` impl.
    ///
    /// Only the last task that called this method, or another poll function that receives, is woken.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::future::poll_fn;
    #[doc = example_set_up!(UdpSocket)]
    /// let sender = poll_fn(|cx| socket.poll_peek_sender(cx)).await?;
    /// println!("from {sender}");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`peek_sender`](Self::peek_sender).
    pub fn poll_peek_sender(&self, cx: &mut Context<'_>) -> Poll<io::Result<SocketAddr>> {
        self.0.poll_read_with(cx, peek_sender)
    }
}

fn peek_sender(socket: &net::UdpSocket) -> io::Result<SocketAddr> {
    // Unlike std's `peek_from`, it succeeds on Windows, where an empty buffer is too short.
    let sender = SockRef::from(socket).peek_sender()?;
    sender.as_socket().ok_or_else(|| io::ErrorKind::InvalidData.into())
}
