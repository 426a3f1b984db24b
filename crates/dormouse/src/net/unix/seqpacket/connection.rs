//! [`UnixSeqpacket`]: a connection.

use super::{FLAGS, socket, take_error, to_rustix};
use crate::io::{AsyncFd, HasAsyncFd, Interest, Mode};
use crate::net::error::with_context;
use crate::net::sys::std_unix_address;
use crate::net::unix::address::path_address;
use crate::net::unix::display_addr::DisplayAddr;
use crate::net::unix::retry::retry_until_room;
use crate::trace::Origin;
use rustix::net::{
    AddressFamily, RecvFlags, SendFlags, SocketType, connect, getpeername, getsockname, recv, send,
    shutdown, socketpair,
};
use std::io;
use std::net::Shutdown;
use std::os::fd::OwnedFd;
use std::os::unix::net::SocketAddr;
use std::path::Path;

/// A connected Unix socket that preserves message boundaries (Linux only).
///
/// Any number of tasks can send and receive through a shared reference.
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
pub struct UnixSeqpacket(AsyncFd<OwnedFd>);

impl UnixSeqpacket {
    /// Connects to the socket at a path, or at an abstract name: see [addresses](crate::net::unix#addresses).
    ///
    /// If the listener's backlog is full, retries until it has room, with a delay of at most 32 ms.
    ///
    /// ```
    /// use dormouse::net::UnixSeqpacket;
    /// use std::io::ErrorKind;
    /// # dormouse::block_on(async {
    /// let error = UnixSeqpacket::connect("/no/such/socket").await.unwrap_err();
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// # })
    /// ```
    ///
    /// # Errors
    /// If there is no such socket, it has no listener, or access is denied. `InvalidInput` if the path
    /// [is no address](crate::net::unix#addresses). The error names the path. A socket that
    /// [cannot be registered](AsyncFd#connections) is returned.
    ///
    /// # Cancel safety
    /// Dropping the future closes the socket.
    pub async fn connect(path: impl AsRef<Path>) -> io::Result<UnixSeqpacket> {
        let address = path_address(path.as_ref())?;
        UnixSeqpacket::connect_addr(&address).await
    }

    /// Connects to an address, which can be an abstract name.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
    /// # let name = format!("\0dormouse-seqpacket-{}", std::process::id());
    /// # dormouse::block_on(async {
    /// let listener = UnixSeqpacketListener::bind(name)?;
    /// let socket = UnixSeqpacket::connect_addr(&listener.local_addr()?).await?;
    /// # let _ = socket;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
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
        let connected = connected
            .await
            .and_then(|socket| AsyncFd::connected(socket, Interest::BOTH, Mode::NonBlocking));
        connected.map(UnixSeqpacket).map_err(|err| {
            with_context(err, format_args!("cannot connect to {}", DisplayAddr(address)))
        })
    }

    /// Creates two sockets that are connected to each other.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixSeqpacket;
    /// let (one, other) = UnixSeqpacket::pair()?;
    /// one.try_send(b"hello")?;
    /// assert_eq!(other.try_recv(&mut [0; 16])?, 5);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the process has too many fds, or a socket cannot be registered: see [`AsyncFd`](AsyncFd#errors).
    #[track_caller]
    pub fn pair() -> io::Result<(UnixSeqpacket, UnixSeqpacket)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, FLAGS, None)?;
        let origin = Origin::caller();
        let register =
            |socket| AsyncFd::created(socket, Mode::NonBlocking, origin).map(UnixSeqpacket);
        Ok((register(one)?, register(other)?))
    }

    /// Registers a connected socket of type `SOCK_SEQPACKET` with
    /// [`Reactor::current`](crate::reactor::Reactor::current). It is set non-blocking, unless it is already.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixSeqpacket;
    /// use rustix::net::{AddressFamily, SocketFlags, SocketType, socketpair};
    ///
    /// let (fd, _peer) =
    ///     socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    /// let socket = UnixSeqpacket::from_owned_fd(fd)?;
    /// # let _ = socket;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the socket cannot be registered: see [`AsyncFd`](AsyncFd#errors). Then it is closed.
    #[track_caller]
    pub fn from_owned_fd(fd: OwnedFd) -> io::Result<UnixSeqpacket> {
        AsyncFd::new(fd).map(UnixSeqpacket)
    }

    /// The address of this end. That of a client is usually unnamed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixSeqpacket)]
    /// assert!(socket.local_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockname(2).
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        std_unix_address(Some(getsockname(&self.0)?))
    }

    /// The address of the other end. That of a client is usually unnamed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixSeqpacket)]
    /// assert!(socket.peer_addr()?.is_unnamed());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getpeername(2).
    pub fn peer_addr(&self) -> io::Result<SocketAddr> {
        std_unix_address(getpeername(&self.0)?)
    }

    /// Takes the pending error of the socket (`SO_ERROR`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixSeqpacket)]
    /// assert!(socket.take_error()?.is_none());
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of getsockopt(2).
    pub fn take_error(&self) -> io::Result<Option<io::Error>> {
        take_error(&self.0)
    }

    /// Shuts down receiving, sending or both. The peer receives an end of file after the last message.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::net::Shutdown;
    #[doc = example_set_up!(UnixSeqpacket)]
    /// socket.shutdown(Shutdown::Write)?;
    /// assert_eq!(peer.try_recv(&mut [0; 64])?, 0);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of shutdown(2).
    pub fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        let how = match how {
            Shutdown::Read => rustix::net::Shutdown::Read,
            Shutdown::Write => rustix::net::Shutdown::Write,
            Shutdown::Both => rustix::net::Shutdown::Both,
        };
        Ok(shutdown(&self.0, how)?)
    }
}

fn send_message(fd: &OwnedFd, message: &[u8]) -> io::Result<usize> {
    Ok(send(fd, message, SendFlags::NOSIGNAL)?)
}

fn recv_message(fd: &OwnedFd, buffer: &mut [u8]) -> io::Result<usize> {
    Ok(recv(fd, buffer, RecvFlags::empty())?.0)
}

handle!(receive socket: UnixSeqpacket(std::os::fd::OwnedFd));
owned_fd!(socket: UnixSeqpacket);
datagram!(UnixSeqpacket, message, send_message, recv_message, example_set_up!(UnixSeqpacket));
