//! UDP sockets.

use super::addr::{ToSocketAddrs, resolve_for};
use super::connect::{cannot_connect, check_port, each_address};
use super::error::{no_addresses, with_context};
use crate::io::{AsyncFd, HasAsyncFd, Interest, Mode};
use crate::trace::Origin;
use std::io;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};

#[cfg_attr(
    any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
    path = "udp/calls/portable.rs"
)]
mod calls;
mod multicast;
mod peek;

/// A UDP socket.
///
/// Any number of tasks can send and receive through a shared reference.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::UdpSocket;
/// # dormouse::block_on(async {
/// let server = UdpSocket::bind("127.0.0.1:0").await?;
/// let client = UdpSocket::bind("127.0.0.1:0").await?;
/// client.connect(server.local_addr()?).await?;
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
pub struct UdpSocket(AsyncFd<net::UdpSocket>);

impl UdpSocket {
    /// Creates a socket bound to a local address. Port 0 selects a free port. Of several addresses, tries each in order
    /// until one can be bound.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UdpSocket;
    /// # dormouse::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// println!("receiving on {}", socket.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address is in use, not local, or not permitted. The error is that of the last address, which it names.
    /// `InvalidInput` if there is no address, `Unsupported` for a [name](ToSocketAddrs#names) without the feature `dns`.
    /// If the socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<UdpSocket> {
        each_address(addr, "cannot bind a UDP socket", async |address| {
            net::UdpSocket::bind(address)
                .and_then(|socket| AsyncFd::created(socket, Mode::Blocking, Origin::UNKNOWN))
                .map(UdpSocket)
                .map_err(|err| {
                    with_context(err, format_args!("cannot bind a UDP socket to {address}"))
                })
        })
        .await
    }

    /// Sets the peer. [`send`](Self::send) sends to it, and only its datagrams are received. Of several addresses, tries
    /// each in order.
    ///
    /// It sends nothing, and does not wait.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UdpSocket;
    /// # dormouse::block_on(async {
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.connect("127.0.0.1:53").await?;
    /// assert_eq!(socket.peer_addr()?.port(), 53);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If there is no route to the address. The error is that of the last address, which it names. `InvalidInput` if
    /// there is no address, or the port is 0. `Unsupported` for a [name](ToSocketAddrs#names) without the feature `dns`.
    pub async fn connect(&self, addr: impl ToSocketAddrs) -> io::Result<()> {
        each_address(addr, "cannot connect", async |address| {
            check_port(address)
                .and_then(|()| self.0.get_ref().connect(address))
                .map_err(|err| cannot_connect(err, address))
        })
        .await
    }

    /// The address that the socket is bound to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// println!("receiving on {}", socket.local_addr()?);
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
    #[doc = example_set_up!(UdpSocket)]
    /// println!("sending to {}", socket.peer_addr()?);
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

    /// Sends a datagram to an address, as soon as there is room for it. Of several addresses, takes the first.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UdpSocket;
    /// # dormouse::block_on(async {
    /// # let server = UdpSocket::bind("127.0.0.1:0").await?;
    /// # let address = server.local_addr()?;
    /// let socket = UdpSocket::bind("127.0.0.1:0").await?;
    /// socket.send_to(b"hello", address).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of sendto(2). `InvalidInput` if there is no address, `Unsupported` for a [name](ToSocketAddrs#names) without
    /// the feature `dns`. If no reactor can register the fd: see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send_to(&self, datagram: &[u8], addr: impl ToSocketAddrs) -> io::Result<usize> {
        let mut addresses = resolve_for("cannot send", addr.parse_addrs()).await?;
        let address = addresses.next().ok_or_else(|| no_addresses("cannot send"))?;
        self.0
            .async_io(Interest::WRITABLE, |socket| calls::send_to(socket, datagram, address))
            .await
    }

    /// Like [`send_to`](Self::send_to), without waiting.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UdpSocket)]
    /// let address = socket.peer_addr()?;
    /// assert_eq!(socket.try_send_to(b"hello", address)?, 5);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// `WouldBlock` if there is no room. Those of sendto(2).
    pub fn try_send_to(&self, datagram: &[u8], address: SocketAddr) -> io::Result<usize> {
        self.0.try_io(Interest::WRITABLE, |socket| calls::send_to(socket, datagram, address))
    }

    /// Polls a [`send_to`](Self::send_to), for use in a manual `Future` impl.
    ///
    /// Only the last task that called this method, or another poll function that sends, is woken.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::future::poll_fn;
    #[doc = example_set_up!(UdpSocket)]
    /// let address = socket.peer_addr()?;
    /// poll_fn(|cx| socket.poll_send_to(cx, b"hello", address)).await?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`send_to`](Self::send_to).
    pub fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        datagram: &[u8],
        address: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_write_with(cx, |socket| calls::send_to(socket, datagram, address))
    }
}

socket!(receive socket: UdpSocket(std::net::UdpSocket), |_| Interest::READABLE | Interest::WRITABLE);
datagram!(UdpSocket, datagram, calls::send, calls::recv, example_set_up!(UdpSocket));
datagram_from!(
    UdpSocket,
    SocketAddr,
    crate::net::addr::std_address,
    calls::recv_from,
    example_set_up!(UdpSocket)
);
