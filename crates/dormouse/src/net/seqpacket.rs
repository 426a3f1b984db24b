//! Unix sockets of type `SOCK_SEQPACKET`: connections that preserve message boundaries.
//!
//! std has no type for them, so each type here wraps an [`AsyncFd<OwnedFd>`].

use super::connect::retry_until_room;
use super::error::{DisplayAddr, cannot_accept, with_context};
use super::unix::{path_address, remove_path};
use crate::io::{AsyncFd, Interest, Mode};
use rustix::io::retry_on_intr;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketAddrUnix, SocketFlags, SocketType, accept_with,
    bind, connect, getsockname, listen, recv, send, socket_with, socketpair,
};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::SocketAddr;
use std::path::Path;

const FLAGS: SocketFlags = SocketFlags::CLOEXEC.union(SocketFlags::NONBLOCK);

/// The maximum of the system (`net.core.somaxconn`), as in std.
const BACKLOG: i32 = -1;

/// A connected Unix socket that preserves message boundaries (Linux only).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::UnixSeqpacket;
/// # dormouse::block_on(async {
/// let (client, server) = UnixSeqpacket::pair()?;
/// client.send(b"one").await?;
/// client.send(b"another").await?;
/// drop(client);
///
/// let mut buffer = [0; 64];
/// assert_eq!(server.recv(&mut buffer).await?, 3);
/// assert_eq!(server.recv(&mut buffer).await?, 7);
/// assert_eq!(server.recv(&mut buffer).await?, 0); // end of file
/// # Ok(())
/// # })
/// # }
/// ```
///
/// To wrap an existing socket, use `From<AsyncFd<OwnedFd>>`.
#[derive(Debug)]
pub struct UnixSeqpacket(AsyncFd<OwnedFd>);

impl UnixSeqpacket {
    /// Connects to the socket at a path.
    ///
    /// If the listener's backlog is full, retries until it has room, with a delay of at most 32 ms.
    ///
    /// # Errors
    /// If there is no such socket, it has no listener, or access is denied. The error names the path. A socket
    /// that [cannot be registered](AsyncFd#connections) is returned.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixSeqpacket> {
        let address = path_address(path.as_ref())?;
        UnixSeqpacket::connect_addr(&address).await
    }

    /// Connects to an address, which can be an abstract name.
    ///
    /// # Errors
    /// Those of [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<UnixSeqpacket> {
        let connected = retry_until_room(|| {
            let socket = socket()?;
            connect(&socket, &to_rustix(address)?)?;
            Ok(socket)
        });
        let connected =
            connected.await.and_then(|socket| AsyncFd::connected(socket, Mode::NonBlocking));
        connected.map(UnixSeqpacket).map_err(|err| {
            with_context(err, format_args!("cannot connect to {}", DisplayAddr(address)))
        })
    }

    /// Creates two sockets that are connected to each other.
    ///
    /// # Errors
    /// If the process has too many fds, or a socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    pub fn pair() -> io::Result<(UnixSeqpacket, UnixSeqpacket)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?;
        Ok((
            UnixSeqpacket(AsyncFd::created(one, Mode::NonBlocking)?),
            UnixSeqpacket(AsyncFd::created(other, Mode::NonBlocking)?),
        ))
    }

    /// Sends a whole message, as soon as there is room for it.
    ///
    /// # Errors
    /// Those of send(2). If no reactor can register the fd: see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is sent.
    pub async fn send(&self, message: &[u8]) -> io::Result<usize> {
        let send = |fd: &OwnedFd| Ok(send(fd, message, SendFlags::NOSIGNAL)?);
        self.0.async_io(Interest::WRITABLE, send).await
    }

    /// Receives a message, and returns its length: 0 at end of file, or if the message is empty. A message that is
    /// longer than the buffer is truncated.
    ///
    /// # Errors
    /// Those of recv(2). If no reactor can register the fd: see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// If it is dropped before it completes, nothing is received.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let recv = |fd: &OwnedFd| Ok(recv(fd, &mut *buffer, RecvFlags::empty())?.0);
        self.0.async_io(Interest::READABLE, recv).await
    }
}

/// A Unix socket that accepts connections that preserve message boundaries (Linux only).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
/// use std::os::linux::net::SocketAddrExt;
/// use std::os::unix::net::SocketAddr;
///
/// # dormouse::block_on(async {
/// let name = format!("dormouse-seqpacket-{}", std::process::id());
/// let address = SocketAddr::from_abstract_name(name)?;
/// let listener = UnixSeqpacketListener::bind_addr(&address)?;
/// let client = UnixSeqpacket::connect_addr(&address).await?;
/// let server = listener.accept().await?;
/// client.send(b"hello").await?;
/// assert_eq!(server.recv(&mut [0; 16]).await?, 5);
/// # Ok(())
/// # })
/// # }
/// ```
///
/// To wrap an existing socket, use `From<AsyncFd<OwnedFd>>`.
#[derive(Debug)]
pub struct UnixSeqpacketListener(AsyncFd<OwnedFd>);

impl UnixSeqpacketListener {
    /// Creates a listener bound to a path.
    ///
    /// The path must not exist yet, and is not removed when the socket is closed. It is removed if this function fails
    /// after it has created it.
    ///
    /// # Errors
    /// `AddrInUse` if the path exists, even if it is the path of a closed socket. The error names the path. If the
    /// socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixSeqpacketListener> {
        UnixSeqpacketListener::bind_addr(&path_address(path.as_ref())?)
    }

    /// Creates a listener bound to an address, which can be an abstract name.
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixSeqpacketListener> {
        let bind = || {
            let socket = socket()?;
            bind(&socket, &to_rustix(address)?)?;
            let listening = listen(&socket, BACKLOG).map_err(io::Error::from);
            listening
                .and_then(|()| AsyncFd::created_for(socket, Interest::READABLE, Mode::NonBlocking))
                .inspect_err(|_| remove_path(address))
        };
        bind().map(UnixSeqpacketListener).map_err(|err| {
            with_context(err, format_args!("cannot listen on {}", DisplayAddr(address)))
        })
    }

    /// Accepts a connection.
    ///
    /// # Errors
    /// If the process has no fds left. Then the connection stays in the backlog, so the next call fails immediately:
    /// sleep before it. The error names the address of the listener.
    ///
    /// A connection that is accepted, but [cannot be registered](AsyncFd#connections), is returned.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: it stays in the backlog for the next call.
    pub async fn accept(&self) -> io::Result<UnixSeqpacket> {
        let accept = |fd: &OwnedFd| Ok(retry_on_intr(|| accept_with(fd, FLAGS))?);
        let accepted = self.0.async_io(Interest::READABLE, accept).await;
        accepted
            .and_then(|socket| AsyncFd::connected(socket, Mode::NonBlocking))
            .map(UnixSeqpacket)
            .map_err(|err| {
                let local_addr = getsockname(&self.0).and_then(SocketAddrUnix::try_from);
                cannot_accept(local_addr.map(|address| format!("{address:?}")), err)
            })
    }
}

impl From<AsyncFd<OwnedFd>> for UnixSeqpacket {
    fn from(socket: AsyncFd<OwnedFd>) -> UnixSeqpacket {
        UnixSeqpacket(socket)
    }
}

impl From<AsyncFd<OwnedFd>> for UnixSeqpacketListener {
    fn from(socket: AsyncFd<OwnedFd>) -> UnixSeqpacketListener {
        UnixSeqpacketListener(socket)
    }
}

impl From<UnixSeqpacket> for AsyncFd<OwnedFd> {
    fn from(socket: UnixSeqpacket) -> AsyncFd<OwnedFd> {
        socket.0
    }
}

impl From<UnixSeqpacketListener> for AsyncFd<OwnedFd> {
    fn from(socket: UnixSeqpacketListener) -> AsyncFd<OwnedFd> {
        socket.0
    }
}

impl AsFd for UnixSeqpacket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsFd for UnixSeqpacketListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

fn socket() -> io::Result<OwnedFd> {
    Ok(socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?)
}

/// Converts the address of std into that of rustix.
fn to_rustix(address: &SocketAddr) -> io::Result<SocketAddrUnix> {
    Ok(match (address.as_pathname(), address.as_abstract_name()) {
        (Some(path), _) => SocketAddrUnix::new(path)?,
        (_, Some(name)) => SocketAddrUnix::new_abstract_name(name)?,
        _ => SocketAddrUnix::new_unnamed(),
    })
}
