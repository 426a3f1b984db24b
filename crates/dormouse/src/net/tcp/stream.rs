//! [`TcpStream`]: a TCP connection.

use crate::io::{AsyncFd, HasAsyncFd, Interest};
use crate::net::connect::{check_and_finish_connect, connect_tcp, each_address};
use crate::net::{ToSocketAddrs, sys};
use std::io;
use std::net::{self, SocketAddr};
use std::task::{Context, Poll};

/// A TCP connection.
///
/// Any number of tasks can use it through a shared reference. It also implements the traits for reading and writing of
/// the [features](crate::io#reading-and-writing) that are on, and so does `&TcpStream`.
///
/// To shut down one direction, call `shutdown` or `close` of those traits, or
/// [`shutdown`](std::net::TcpStream::shutdown) of std: `stream.as_ref().shutdown(Shutdown::Write)`.
///
/// # Short reads
/// On Linux, a read that returns less than the buffer takes has emptied the receive queue. So with the reactor of tokio and
/// the builtin one, the next read waits for an event, and needs no system call to find that there is no data. Urgent data
/// ends that for a stream once it is reported. But it must not be used for a stream
/// - whose urgent data is read by recv(2) with `MSG_OOB`, unless a task waits for `Interest::PRIORITY`;
/// - for which kernel TLS (kTLS) or a BPF sockmap is set up.
///
/// For these, convert it: [`AsyncFd`] does not use short reads, nor does a `TcpStream` that is created `From` one.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::{TcpListener, TcpStream};
/// # dormouse::block_on(async {
/// # let listener = TcpListener::bind("127.0.0.1:0").await?;
/// # let address = listener.local_addr()?;
/// let stream = TcpStream::connect(address).await?;
/// stream.set_nodelay(true)?;
/// stream.write_all(b"hello").await?;
/// # Ok(())
/// # })
/// # }
/// ```
pub struct TcpStream(AsyncFd<net::TcpStream>);

impl TcpStream {
    /// Connects to an address, or to a host by its [name](ToSocketAddrs#names). Of several addresses, tries each in order
    /// until a connection succeeds.
    ///
    /// For each address, the system gives up after about two minutes. To give up earlier, use a
    /// [`timeout`](crate::timeout).
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
    /// # let _ = stream;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the connection is refused, the address is unreachable, or the peer does not respond in time. The error is
    /// that of the last address, which it names. `InvalidInput` if there is no address, or the port is 0. `Unsupported`
    /// for a [name](ToSocketAddrs#names) without the feature `dns`. If the call has to wait, and the socket cannot be
    /// registered: see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(addr: impl ToSocketAddrs) -> io::Result<TcpStream> {
        each_address(addr, "cannot connect", connect_tcp).await
    }

    /// Waits until a connect that has begun elsewhere is complete.
    ///
    /// The socket is one on which connect(2) has returned `EINPROGRESS`, or has succeeded. It is set non-blocking.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpStream;
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// # dormouse::block_on(async {
    /// // Begins to connect.
    /// let socket = std::net::TcpStream::from(mio::net::TcpStream::connect(address)?);
    /// let stream = TcpStream::finish_connect(socket).await?;
    /// # let _ = stream;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of connect(2): the connection is refused, for example. `InvalidInput` if the socket is not a stream socket.
    /// On Linux, `NotConnected` if connect(2) has not been called, and `InvalidInput` if the socket listens; other systems
    /// may not distinguish these states from a connect in progress, and there the future may wait without end. If the call
    /// has to wait, and the socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn finish_connect(socket: net::TcpStream) -> io::Result<TcpStream> {
        check_and_finish_connect(socket).await
    }

    /// The address of this end.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(TcpStream)]
    /// println!("from {} to {}", stream.local_addr()?, stream.peer_addr()?);
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

    /// The address of the other end.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(TcpStream)]
    /// assert_eq!(stream.peer_addr()?, listener.local_addr()?);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getpeername(2): `NotConnected` if the connection was reset.
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        self.0.get_ref().peer_addr()
    }

    /// Like [`read`](Self::read), but leaves the bytes in the receive queue.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{TcpListener, TcpStream};
    /// # dormouse::block_on(async {
    /// # let listener = TcpListener::bind("127.0.0.1:0").await?;
    /// # let client = TcpStream::connect(listener.local_addr()?).await?;
    /// let (stream, _peer) = {
    /// #   client.write_all(&[22]).await?;
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
    /// Those of recv(2). If no reactor can register the fd: see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// No data is lost.
    pub async fn peek(&self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        self.0.async_io(Interest::READABLE, |stream| stream.peek(buffer)).await
    }

    /// Polls a [`peek`](Self::peek), for use in a manual `Future` impl.
    ///
    /// Only the last task that called this method, or another poll function that reads, is woken.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::future::poll_fn;
    #[doc = example_set_up!(TcpStream)]
    /// let mut first = [0];
    /// poll_fn(|cx| stream.poll_peek(cx, &mut first)).await?;
    /// assert_eq!(&first, b"h");
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`peek`](Self::peek).
    pub fn poll_peek(&self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        self.0.poll_read_with(cx, |stream| stream.peek(buffer))
    }
}

socket!(read stream: TcpStream(std::net::TcpStream), sys::tcp_interest);
stream_read!(stream: TcpStream, example_set_up!(TcpStream));
stream_write!(stream: TcpStream, example_set_up!(TcpStream));
