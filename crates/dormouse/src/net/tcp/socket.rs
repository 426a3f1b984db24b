//! [`TcpSocket`]: a TCP socket that is configured before it connects or listens.

use super::listener::TcpListener;
use super::stream::TcpStream;
use crate::io::{AsyncFd, Interest, Mode};
use crate::net::connect::{self, cannot_connect};
use crate::net::error::with_context;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{self, SocketAddr};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};

macro_rules! example {
    () => {
        "# let socket = dormouse::net::TcpSocket::new_v4()?;"
    };
}

/// A TCP socket that is neither connected nor listens yet: set its options, bind it, then convert it by
/// [`connect`](Self::connect) or [`listen`](Self::listen).
///
/// [`TcpStream::connect`] and [`TcpListener::bind`] are shorter, for sockets with default options.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::TcpSocket;
/// # dormouse::block_on(async {
/// let socket = TcpSocket::new_v4()?;
/// socket.set_reuseaddr(true)?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?;
/// let listener = socket.listen(1024)?;
///
/// let socket = TcpSocket::new_v4()?;
/// socket.bind("127.0.0.1:0".parse().unwrap())?; // the address to connect from
/// let stream = socket.connect(listener.local_addr()?).await?;
/// # let _ = stream;
/// # Ok(())
/// # })
/// # }
/// ```
pub struct TcpSocket(Socket);

impl TcpSocket {
    /// Creates an IPv4 socket.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpSocket;
    /// let socket = TcpSocket::new_v4()?;
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of socket(2).
    pub fn new_v4() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV4)
    }

    /// Creates an IPv6 socket.
    ///
    /// ```no_run
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpSocket;
    /// let socket = TcpSocket::new_v6()?;
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of socket(2).
    pub fn new_v6() -> io::Result<TcpSocket> {
        TcpSocket::new(Domain::IPV6)
    }

    fn new(domain: Domain) -> io::Result<TcpSocket> {
        let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
        socket.set_nonblocking(true)?;
        Ok(TcpSocket(socket))
    }

    /// Converts a socket of std that is not connected, for options that this type does not have. The socket is set
    /// non-blocking.
    ///
    /// For a socket that connects already, use [`TcpStream::finish_connect`].
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::TcpSocket;
    /// use socket2::{Domain, Socket, Type};
    ///
    /// let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    /// let socket = TcpSocket::from_std_stream(socket.into());
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// ```
    pub fn from_std_stream(stream: net::TcpStream) -> TcpSocket {
        let socket = Socket::from(stream);
        // Fails only if a sandbox refuses the system call.
        let _ = socket.set_nonblocking(true);
        TcpSocket(socket)
    }

    /// Binds the socket to a local address. Port 0 selects a free port.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address is in use, not local, or not permitted. The error names it.
    pub fn bind(&self, address: SocketAddr) -> io::Result<()> {
        let bound = self.0.bind(&address.into());
        bound.map_err(|err| with_context(err, format_args!("cannot bind to {address}")))
    }

    /// Connects to an address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # let address = listener.local_addr()?;
    /// # dormouse::block_on(async {
    /// let stream = socket.connect(address).await?;
    /// # let _ = stream;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`TcpStream::connect`] for one address, which the error names.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(self, address: SocketAddr) -> io::Result<TcpStream> {
        let connected = connect::socket(self.0, address).await;
        connected.map_err(|err| cannot_connect(err, address))
    }

    /// Listens for connections. `backlog` is how many may wait to be accepted; the system limits it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// let listener = socket.listen(1024)?;
    /// println!("listening on {}", listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of listen(2). If the socket cannot be registered: see [`AsyncFd`](AsyncFd#errors). The error names the
    /// local address.
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let address = self.local_addr();
        let listen = || {
            self.0.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
            AsyncFd::created_for(self.0.into(), Interest::READABLE, Mode::NonBlocking)
        };
        match (listen(), address) {
            (Ok(listener), _) => Ok(TcpListener::from(listener)),
            (Err(err), Ok(address)) => {
                Err(with_context(err, format_args!("cannot listen on {address}")))
            }
            (Err(err), Err(_)) => Err(err),
        }
    }

    /// The address that the socket is bound to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// println!("{}", socket.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        let address = self.0.local_addr()?;
        address.as_socket().ok_or_else(|| io::ErrorKind::InvalidInput.into())
    }

    /// Takes the pending error of the socket (`SO_ERROR`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.0.take_error()
    }

    /// Returns the size of the send buffer in bytes (`SO_SNDBUF`). Linux returns twice what was set.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// println!("{} bytes", socket.send_buffer_size()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.0.send_buffer_size().map(|size| u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// socket.set_send_buffer_size(256 * 1024)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.0.set_send_buffer_size(size as usize)
    }

    /// Returns the size of the receive buffer in bytes (`SO_RCVBUF`). Linux returns twice what was set.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// println!("{} bytes", socket.recv_buffer_size()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.0.recv_buffer_size().map(|size| u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`). Set it before connecting or listening: it limits the
    /// window that is announced to the peer.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example!()]
    /// socket.set_recv_buffer_size(256 * 1024)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.0.set_recv_buffer_size(size as usize)
    }
}

option!(
    TcpSocket,
    example!(),
    keepalive = keepalive,
    set_keepalive = set_keepalive,
    bool,
    "true",
    "whether an idle connection is probed (`SO_KEEPALIVE`)."
);
option!(
    TcpSocket,
    example!(),
    reuseaddr = reuse_address,
    set_reuseaddr = set_reuse_address,
    bool,
    "true",
    "whether an address can be bound that connections in TIME_WAIT still use (`SO_REUSEADDR`)."
);
option!(
    TcpSocket,
    example!(),
    reuseport = reuse_port,
    set_reuseport = set_reuse_port,
    bool,
    "true",
    "whether several sockets can be bound to the same address (`SO_REUSEPORT`)."
);
option!(
    TcpSocket,
    example!(),
    nodelay = tcp_nodelay,
    set_nodelay = set_tcp_nodelay,
    bool,
    "true",
    "whether small writes are sent at once (`TCP_NODELAY`), without waiting for the acknowledgement of earlier ones."
);
option!(
    TcpSocket,
    example!(),
    tos_v4 = tos_v4,
    set_tos_v4 = set_tos_v4,
    u32,
    "0x10",
    "the type of service of IPv4 packets (`IP_TOS`)."
);
option!(
    TcpSocket,
    "# let Ok(socket) = dormouse::net::TcpSocket::new_v6() else { return Ok(()) };",
    tclass_v6 = tclass_v6,
    set_tclass_v6 = set_tclass_v6,
    u32,
    "0x10",
    "the traffic class of IPv6 packets (`IPV6_TCLASS`)."
);
linger!(TcpSocket, example!());

impl AsFd for TcpSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for TcpSocket {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpSocket").field(&self.0).finish()
    }
}
