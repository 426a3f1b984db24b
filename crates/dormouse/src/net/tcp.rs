//! TCP streams and listeners.

use super::error::{self, with_context};
use super::{TcpListener, TcpStream};
use super::{connect, sys};
use crate::io::{AsyncFd, Interest, Mode};
use std::io;
use std::net::{self, SocketAddr};

impl AsyncFd<net::TcpStream> {
    /// Connects to an address.
    ///
    /// The system gives up after about two minutes. To give up earlier, use a [`timeout`](crate::timeout).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpStream;
    /// use dormouse::timeout;
    /// use std::time::Duration;
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// # dormouse::block_on(async {
    /// let stream = timeout(Duration::from_secs(5), TcpStream::connect(address)).await??;
    /// stream.get_ref().set_nodelay(true)?;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the connection is refused, the address is unreachable, or the peer does not respond in time. The error
    /// names the address. If the call has to wait, and the socket cannot be registered: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(address: impl Into<SocketAddr>) -> io::Result<TcpStream> {
        let address = address.into();
        let connected = connect::tcp(address).await;
        connected.map_err(|err| with_context(err, format_args!("cannot connect to {address}")))
    }

    /// Tries several addresses in order, usually those of one host, until a connection succeeds.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpStream;
    /// use std::net::ToSocketAddrs;
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// // This blocks: see the docs of the module.
    /// let addresses = ("localhost", port).to_socket_addrs()?;
    /// let stream = dormouse::block_on(TcpStream::connect_any(addresses))?;
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// That of [`connect`](Self::connect) for the last address. `InvalidInput` if there is no address.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect_any(
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> io::Result<TcpStream> {
        let mut result = Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "cannot connect: the list of addresses is empty",
        ));
        for address in addresses {
            result = TcpStream::connect(address).await;
            if result.is_ok() {
                break;
            }
        }
        result
    }

    /// Like [`read`](Self::read), but leaves the bytes in the receive queue.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// use std::net::Ipv6Addr;
    /// # dormouse::block_on(async {
    /// # let Ok(listener) = TcpListener::bind((Ipv6Addr::LOCALHOST, 0)) else { return Ok(()) };
    /// # let client = TcpStream::connect(listener.get_ref().local_addr()?).await?;
    /// let (stream, _peer) = {
    /// #   client.write(&[22]).await?;
    ///     listener.accept().await?
    /// };
    /// let mut first = [0];
    /// stream.peek(&mut first).await?;
    /// println!("{}", if first == [22] { "TLS" } else { "plain" });
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of recv(2). If no reactor can register the fd: see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// No data is lost.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.async_io(Interest::READABLE, |stream| stream.peek(buffer)).await
    }
}

impl AsyncFd<net::TcpListener> {
    /// Creates a listener bound to an address. Port 0 selects a free port.
    ///
    /// As in std, `SO_REUSEADDR` is set: a restarted server can bind the address immediately.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpListener;
    /// use std::net::Ipv4Addr;
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// println!("listening on {}", listener.get_ref().local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address is in use, not local, or not permitted. The error names it. If the socket cannot be
    /// registered: see [the type](Self#errors).
    pub fn bind(address: impl Into<SocketAddr>) -> io::Result<TcpListener> {
        let address = address.into();
        net::TcpListener::bind(address)
            .and_then(|listener| AsyncFd::created_for(listener, Interest::READABLE, Mode::Blocking))
            .map_err(|err| with_context(err, format_args!("cannot listen on {address}")))
    }

    /// Accepts a connection, and returns it with the address of the peer.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// # use std::net::Ipv4Addr;
    /// # dormouse::block_on(async {
    /// # let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// # let client = TcpStream::connect(listener.get_ref().local_addr()?).await?;
    /// let (stream, peer) = listener.accept().await?;
    /// assert_eq!(stream.get_ref().peer_addr()?, peer);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the process has no fds left. Then the connection stays in the backlog, so the next call fails immediately:
    /// sleep before it. Other errors concern one connection only: call again. The error names the address of the
    /// listener.
    ///
    /// A connection that is accepted, but [cannot be registered](Self#connections), is returned.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: it stays in the backlog for the next call.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accepted = self.async_io(Interest::READABLE, sys::accept_tcp).await;
        accepted
            .and_then(|(stream, peer)| Ok((AsyncFd::connected(stream, sys::ACCEPTED)?, peer)))
            .map_err(|err| cannot_accept(self.get_ref(), err))
    }
}

pub(super) fn cannot_accept(listener: &net::TcpListener, err: io::Error) -> io::Error {
    error::cannot_accept(listener.local_addr(), err)
}
