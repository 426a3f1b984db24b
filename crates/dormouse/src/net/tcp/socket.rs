//! [`TcpSocket`]: a TCP socket that is configured before it connects or listens.

use super::listener::TcpListener;
use super::stream::TcpStream;
use crate::io::{AsyncFd, Interest, Mode};
use crate::net::connect::{cannot_connect, connect_socket};
use crate::net::error::with_context;
use crate::net::sys;
use crate::source::{OwnedSource, impl_as_source};
use crate::trace::Origin;
use socket2::{Domain, Protocol, Socket, Type};
use std::fmt;
use std::io;
use std::net::{self, SocketAddr};

/// A TCP socket that is neither connected nor listens yet: set its options, bind it, then convert it by
/// [`connect`](Self::connect) or [`listen`](Self::listen).
///
/// [`TcpStream::connect`] and [`TcpListener::bind`] are shorter, for sockets with default options. For options that this
/// type does not have, use `socket2::SockRef::from(&socket)` of the crate `socket2`.
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
pub struct TcpSocket {
    socket: Socket,
    mode: Mode,
}

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
        let socket = sys::non_blocking_socket(domain, Type::STREAM, Protocol::TCP)?;
        Ok(TcpSocket { socket, mode: Mode::NonBlocking })
    }

    /// Converts a socket of std that is not connected. It need not be non-blocking: [`connect`](Self::connect) and
    /// [`listen`](Self::listen) set it so.
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
        TcpSocket { socket: stream.into(), mode: Mode::Unknown }
    }

    /// Returns the socket, non-blocking, and its mode. A socket of the caller can be of any type.
    fn prepare(self) -> io::Result<(Socket, Mode)> {
        let TcpSocket { socket, mode } = self;
        if let Mode::Unknown = mode {
            if socket.r#type()? != Type::STREAM || is_of_another_family(&socket) {
                return Err(not_tcp());
            }
        }
        let mode = mode.make_non_blocking(&socket)?;
        Ok((socket, mode))
    }

    /// Binds the socket to a local address. Port 0 selects a free port.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the address is in use, not local, or not permitted. The error names it.
    pub fn bind(&self, address: SocketAddr) -> io::Result<()> {
        let bound = self.socket.bind(&address.into());
        bound.map_err(|err| with_context(err, format_args!("cannot bind to {address}")))
    }

    /// Connects to an address.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    /// # dormouse::block_on(async {
    /// let stream = socket.connect(listener.local_addr()?).await?;
    /// # let _ = stream;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`TcpStream::connect`] for one address, which the error names. `InvalidInput` if it is not a TCP socket.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(self, address: SocketAddr) -> io::Result<TcpStream> {
        let connect = async {
            let (socket, mode) = self.prepare()?;
            connect_socket(socket, mode, address).await
        };
        connect.await.map_err(|err| cannot_connect(err, address))
    }

    /// Listens for connections. `backlog` is how many may wait to be accepted; the system limits it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// let listener = socket.listen(1024)?;
    /// println!("listening on {}", listener.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of listen(2). `InvalidInput` if it is not a TCP socket. If it cannot be registered: see
    /// [`AsyncFd`](AsyncFd#errors). The error names the local address.
    #[track_caller]
    pub fn listen(self, backlog: u32) -> io::Result<TcpListener> {
        let origin = Origin::caller();
        let address = self.local_addr();
        let listen = || {
            let (socket, mode) = self.prepare()?;
            socket.listen(i32::try_from(backlog).unwrap_or(i32::MAX))?;
            AsyncFd::created_for(socket.into(), Interest::READABLE, mode, origin)
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
    #[doc = example_set_up!(TcpSocket)]
    /// socket.bind("127.0.0.1:0".parse().unwrap())?;
    /// println!("{}", socket.local_addr()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockname(2). `InvalidInput` if it is not a TCP socket.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()?.as_socket().ok_or_else(not_tcp)
    }

    /// Takes the pending error of the socket (`SO_ERROR`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        self.socket.take_error()
    }

    /// Returns the size of the send buffer in bytes (`SO_SNDBUF`). Linux returns twice what was set.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// println!("{} bytes", socket.send_buffer_size()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn send_buffer_size(&self) -> io::Result<u32> {
        self.socket.send_buffer_size().map(|size| u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// Sets the size of the send buffer in bytes (`SO_SNDBUF`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// socket.set_send_buffer_size(256 * 1024)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_send_buffer_size(&self, size: u32) -> io::Result<()> {
        self.socket.set_send_buffer_size(size as usize)
    }

    /// Returns the size of the receive buffer in bytes (`SO_RCVBUF`). Linux returns twice what was set.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// println!("{} bytes", socket.recv_buffer_size()?);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn recv_buffer_size(&self) -> io::Result<u32> {
        self.socket.recv_buffer_size().map(|size| u32::try_from(size).unwrap_or(u32::MAX))
    }

    /// Sets the size of the receive buffer in bytes (`SO_RCVBUF`). Set it before connecting or listening: it limits the
    /// window that is announced to the peer.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    #[doc = example_set_up!(TcpSocket)]
    /// socket.set_recv_buffer_size(256 * 1024)?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of setsockopt(2).
    pub fn set_recv_buffer_size(&self, size: u32) -> io::Result<()> {
        self.socket.set_recv_buffer_size(size as usize)
    }
}

/// Windows does not report the address of a socket that is not bound.
fn is_of_another_family(socket: &Socket) -> bool {
    socket.local_addr().is_ok_and(|address| address.as_socket().is_none())
}

fn not_tcp() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "it is not a TCP socket")
}

impl_as_source!([] TcpSocket, socket => &socket.socket);

/// Returns the socket, which stays non-blocking if this type has created it.
///
/// ```
/// # #[cfg(unix)]
/// # fn main() -> std::io::Result<()> {
/// use std::os::fd::OwnedFd; // on Windows: `OwnedSocket`
#[doc = example_set_up!(TcpSocket)]
/// let socket = OwnedFd::from(socket);
/// # let _ = socket;
/// # Ok(())
/// # }
/// # #[cfg(not(unix))]
/// # fn main() {}
/// ```
impl From<TcpSocket> for OwnedSource {
    fn from(socket: TcpSocket) -> OwnedSource {
        socket.socket.into()
    }
}

impl fmt::Debug for TcpSocket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TcpSocket").field(&self.socket).finish()
    }
}
