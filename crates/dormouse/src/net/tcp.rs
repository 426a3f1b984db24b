//! TCP: connecting, listening, accepting.

use super::connect;
use super::error::{self, failed};
use super::{TcpListener, TcpStream};
use crate::io::{AsyncFd, Interest};
use std::io;
use std::net::{self, SocketAddr};

impl AsyncFd<net::TcpStream> {
    /// Connects to an address.
    ///
    /// The system gives up after some two minutes; put a [`timeout`](crate::timeout) around it to do so
    /// earlier.
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
    /// If there is no connection to be had: refused, unreachable, not answered in time. The error names
    /// the address. And if the socket cannot be watched, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Dropped, it closes the socket.
    pub async fn connect(address: impl Into<SocketAddr>) -> io::Result<TcpStream> {
        let address = address.into();
        let connected = connect::tcp(address).await;
        connected.map_err(|err| failed(err, format_args!("cannot connect to {address}")))
    }

    /// Connects to the first of several addresses that can be connected to: those of one host, as a rule.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpStream;
    /// use std::net::ToSocketAddrs;
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let port = listener.local_addr()?.port();
    /// // This blocks: see the module.
    /// let addresses = ("localhost", port).to_socket_addrs()?;
    /// let stream = dormouse::block_on(TcpStream::connect_any(addresses))?;
    /// # drop(stream);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// That of the last address, as [`connect`](Self::connect) has it; `InvalidInput` if there is none.
    ///
    /// # Cancel safety
    /// Dropped, it closes the socket.
    pub async fn connect_any(
        addresses: impl IntoIterator<Item = SocketAddr>,
    ) -> io::Result<TcpStream> {
        let mut outcome = Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "cannot connect: the list of addresses is empty",
        ));
        for address in addresses {
            outcome = TcpStream::connect(address).await;
            if outcome.is_ok() {
                break;
            }
        }
        outcome
    }

    /// Reads some bytes as [`read`](Self::read) does, and leaves them to be read again.
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
    /// Those of recv(2); and if the reactor is gone, see [the type](Self#errors).
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        self.async_io(Interest::READABLE, |stream| stream.peek(buffer)).await
    }
}

impl AsyncFd<net::TcpListener> {
    /// Listens on an address; port 0 is any that is free.
    ///
    /// As with std, the address can be used again at once after a server that has ended
    /// (`SO_REUSEADDR`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpListener;
    /// use std::net::Ipv4Addr;
    /// let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// println!("on {}", listener.get_ref().local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address is in use, or not one of this machine, or not allowed. The error names it. And
    /// if the socket cannot be watched, see [the type](Self#errors).
    pub fn bind(address: impl Into<SocketAddr>) -> io::Result<TcpListener> {
        let address = address.into();
        net::TcpListener::bind(address)
            .and_then(|listener| AsyncFd::with_interest(listener, Interest::READABLE))
            .map_err(|err| failed(err, format_args!("cannot listen on {address}")))
    }

    /// Waits for a connection; returns it, and where it is from.
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
    /// If the process has no more fds, a connection stays in the backlog, and the next call fails at once:
    /// sleep a little before it. Other errors concern one connection, and the next may be
    /// accepted. The error names the address listened on.
    ///
    /// # Cancel safety
    /// No connection is lost: one that was not returned is there for the next call.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accepted = self.async_io(Interest::READABLE, |listener| listener.accept()).await;
        accepted
            .and_then(|(stream, peer)| Ok((AsyncFd::new(stream)?, peer)))
            .map_err(|err| cannot_accept(self.get_ref(), err))
    }

    /// The connections that come, as a stream without end.
    ///
    /// Of several tasks that wait on streams of one listener, the last is woken; from several tasks,
    /// call [`accept`](Self::accept).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// use futures::StreamExt;
    /// # use std::net::Ipv4Addr;
    /// # dormouse::block_on(async {
    /// # let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    /// # let client = TcpStream::connect(listener.get_ref().local_addr()?).await?;
    /// let mut incoming = listener.incoming();
    /// while let Some(stream) = incoming.next().await {
    ///     stream?.write(b"hello").await?;
    /// #   break;
    /// }
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    #[cfg(feature = "stream")]
    #[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
    pub fn incoming(&self) -> impl futures_core::Stream<Item = io::Result<TcpStream>> + Unpin {
        super::incoming::Incoming::new(self, |listener| Ok(listener.accept()?.0), cannot_accept)
    }
}

fn cannot_accept(listener: &net::TcpListener, err: io::Error) -> io::Error {
    error::cannot_accept(listener.local_addr(), err)
}
