//! [`TcpListener`]: a TCP socket that accepts connections.

use super::stream::TcpStream;
use crate::io::{AsyncFd, HasAsyncFd, Interest, Mode};
use crate::net::accept::wrap_accepted;
use crate::net::connect::each_address;
use crate::net::error::with_context;
use crate::net::{ToSocketAddrs, sys};
use crate::trace::Origin;
use std::io;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};

/// A TCP socket that accepts connections.
///
/// Any number of tasks can accept connections through a shared reference.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::{TcpListener, TcpStream};
/// # dormouse::block_on(async {
/// let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let client = TcpStream::connect(listener.local_addr()?).await?;
/// loop {
///     let (stream, peer) = listener.accept().await?;
///     println!("{peer} has connected"); // here a server spawns a task for `stream`
/// #   drop(stream);
/// #   return Ok(());
/// }
/// # })
/// # }
/// ```
pub struct TcpListener(AsyncFd<net::TcpListener>);

impl TcpListener {
    /// Creates a listener bound to an address. Port 0 selects a free port. Of several addresses, tries each in order
    /// until one can be bound.
    ///
    /// As in std, `SO_REUSEADDR` is set: a restarted server can bind the address immediately.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpListener;
    /// # dormouse::block_on(async {
    /// let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// println!("listening on {}", listener.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address is in use, not local, or not permitted. The error is that of the last address, which it names.
    /// `InvalidInput` if there is no address, `Unsupported` for a [name](ToSocketAddrs#names) without the feature `dns`.
    /// If the socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    pub async fn bind(addr: impl ToSocketAddrs) -> io::Result<TcpListener> {
        each_address(addr, "cannot listen", async |address| {
            net::TcpListener::bind(address)
                .and_then(|listener| {
                    let (interest, mode) = (Interest::READABLE, Mode::Blocking);
                    AsyncFd::created_for(listener, interest, mode, Origin::UNKNOWN)
                })
                .map(TcpListener)
                .map_err(|err| with_context(err, format_args!("cannot listen on {address}")))
        })
        .await
    }

    /// Accepts a connection, and returns it with the address of the peer.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// # dormouse::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, peer) = listener.accept().await?;
    /// assert_eq!(stream.peer_addr()?, peer);
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
    /// A connection that is accepted, but [cannot be registered](AsyncFd#connections), is returned.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: it stays in the backlog for the next call.
    pub async fn accept(&self) -> io::Result<(TcpStream, SocketAddr)> {
        let accepted = self.0.async_io(Interest::READABLE, sys::accept_tcp).await;
        wrap_accepted(accepted, sys::tcp_interest, || Ok(self.local_addr()?.to_string()))
    }

    /// Polls for a connection, for use in a manual `Future` impl.
    ///
    /// Only the last task that called this method is woken. To accept from several tasks, use
    /// [`accept`](Self::accept).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// use std::future::poll_fn;
    /// # dormouse::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, peer) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// # let _ = (stream, peer);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(TcpStream, SocketAddr)>> {
        let accepted = self.0.poll_read_with(cx, sys::accept_tcp);
        accepted.map(|accepted| {
            wrap_accepted(accepted, sys::tcp_interest, || Ok(self.local_addr()?.to_string()))
        })
    }

    /// The address that the socket is bound to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # let bind = dormouse::net::TcpListener::bind("127.0.0.1:0");
    /// # let listener = dormouse::block_on(bind)?;
    /// println!("listening on {}", listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().local_addr()
    }
}

socket!(accept listener: TcpListener(std::net::TcpListener), |_| Interest::READABLE);
readable!(accept listener: TcpListener, example_set_up!(TcpListener));
