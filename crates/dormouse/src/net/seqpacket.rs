//! Unix sockets of type `SOCK_SEQPACKET`: connections, as of a stream, that keep messages apart.
//!
//! std has none; so these are types of their own around an [`AsyncFd<OwnedFd>`].

use super::connect::until_there_is_room;
use super::error::{Name, cannot_accept, failed};
use super::unix::address;
use crate::io::{AsyncFd, Interest};
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

/// As many as the system allows (`net.core.somaxconn`), as std has it.
const BACKLOG: i32 = -1;

/// A connection between processes of one machine that keeps messages apart (Linux).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::UnixSeqpacket;
/// # dormouse::block_on(async {
/// let (ours, theirs) = UnixSeqpacket::pair()?;
/// theirs.send(b"one").await?;
/// theirs.send(b"another").await?;
/// drop(theirs);
///
/// let mut buffer = [0; 64];
/// assert_eq!(ours.recv(&mut buffer).await?, 3);
/// assert_eq!(ours.recv(&mut buffer).await?, 7);
/// assert_eq!(ours.recv(&mut buffer).await?, 0); // the end
/// # Ok(())
/// # })
/// # }
/// ```
///
/// A socket from elsewhere becomes one by `From<AsyncFd<OwnedFd>>`.
#[derive(Debug)]
pub struct UnixSeqpacket(AsyncFd<OwnedFd>);

impl UnixSeqpacket {
    /// Connects to the socket at a path.
    ///
    /// If the listener's backlog is full, it waits until there is room.
    ///
    /// # Errors
    /// If there is no such socket, or nobody listens on it, or it may not be used. The error names the
    /// path. And if the socket cannot be watched, see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// Dropped, it closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixSeqpacket> {
        let address = address(path.as_ref())?;
        UnixSeqpacket::connect_addr(&address).await
    }

    /// Connects to a socket by its address, which may be an abstract name.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    ///
    /// # Cancel safety
    /// Dropped, it closes the socket.
    pub async fn connect_addr(address: &SocketAddr) -> io::Result<UnixSeqpacket> {
        let connected = until_there_is_room(|| {
            let socket = socket()?;
            connect(&socket, &translate(address)?)?;
            Ok(socket)
        });
        let connected = connected.await.and_then(AsyncFd::new);
        connected
            .map(UnixSeqpacket)
            .map_err(|err| failed(err, format_args!("cannot connect to {}", Name(address))))
    }

    /// Makes two sockets that are connected to each other.
    ///
    /// # Errors
    /// If the process has too many fds, or one cannot be watched, see [`AsyncFd`](AsyncFd#errors).
    pub fn pair() -> io::Result<(UnixSeqpacket, UnixSeqpacket)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?;
        Ok((UnixSeqpacket(AsyncFd::new(one)?), UnixSeqpacket(AsyncFd::new(other)?)))
    }

    /// Sends a message, as soon as there is room for it: the whole of it, or nothing.
    ///
    /// # Errors
    /// Those of send(2); and if the reactor is gone, see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// Dropped, it has sent nothing.
    pub async fn send(&self, message: &[u8]) -> io::Result<usize> {
        let send = |fd: &OwnedFd| Ok(send(fd, message, SendFlags::NOSIGNAL)?);
        self.0.async_io(Interest::WRITABLE, send).await
    }

    /// Receives a message, and returns its length: 0 at the end, or if the message is empty. What is
    /// longer than the buffer is cut off.
    ///
    /// # Errors
    /// Those of recv(2); and if the reactor is gone, see [`AsyncFd`](AsyncFd#errors).
    ///
    /// # Cancel safety
    /// Dropped, it has received nothing.
    pub async fn recv(&self, buffer: &mut [u8]) -> io::Result<usize> {
        let recv = |fd: &OwnedFd| Ok(recv(fd, &mut *buffer, RecvFlags::empty())?.0);
        self.0.async_io(Interest::READABLE, recv).await
    }
}

/// A Unix socket that accepts connections that keep messages apart (Linux).
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
/// A socket from elsewhere becomes one by `From<AsyncFd<OwnedFd>>`.
#[derive(Debug)]
pub struct UnixSeqpacketListener(AsyncFd<OwnedFd>);

impl UnixSeqpacketListener {
    /// Listens on a socket at a path, which must not be there yet, and stays there afterwards.
    ///
    /// # Errors
    /// `AddrInUse` if there is something at the path, be it a socket that nobody listens on any more.
    /// The error names the path. And if the socket cannot be watched, see
    /// [`AsyncFd`](AsyncFd#errors).
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixSeqpacketListener> {
        UnixSeqpacketListener::bind_addr(&address(path.as_ref())?)
    }

    /// Listens on an address, which may be an abstract name.
    ///
    /// # Errors
    /// As [`bind`](Self::bind).
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixSeqpacketListener> {
        let bind = || {
            let socket = socket()?;
            bind(&socket, &translate(address)?)?;
            listen(&socket, BACKLOG)?;
            AsyncFd::with_interest(socket, Interest::READABLE)
        };
        bind()
            .map(UnixSeqpacketListener)
            .map_err(|err| failed(err, format_args!("cannot listen on {}", Name(address))))
    }

    /// Waits for a connection.
    ///
    /// # Errors
    /// If the process has no more fds, a connection stays in the backlog, and the next call fails at once:
    /// sleep a little before it. The error names the address listened on.
    ///
    /// # Cancel safety
    /// No connection is lost: one that was not returned is there for the next call.
    pub async fn accept(&self) -> io::Result<UnixSeqpacket> {
        let accept = |fd: &OwnedFd| Ok(accept_with(fd, FLAGS)?);
        let accepted = self.0.async_io(Interest::READABLE, accept).await;
        accepted.and_then(AsyncFd::new).map(UnixSeqpacket).map_err(|err| {
            let on = getsockname(&self.0).and_then(SocketAddrUnix::try_from);
            cannot_accept(on.map(|address| format!("{address:?}")), err)
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

/// std's address, in the words of rustix.
fn translate(address: &SocketAddr) -> io::Result<SocketAddrUnix> {
    Ok(match (address.as_pathname(), address.as_abstract_name()) {
        (Some(path), _) => SocketAddrUnix::new(path)?,
        (_, Some(name)) => SocketAddrUnix::new_abstract_name(name)?,
        _ => SocketAddrUnix::new_unnamed(),
    })
}
