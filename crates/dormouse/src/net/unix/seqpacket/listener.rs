//! [`UnixSeqpacketListener`]: accepts connections.

use super::{UnixSeqpacket, socket, take_error, to_rustix};
use crate::io::{AsyncFd, HasAsyncFd, Interest, Mode};
use crate::net::accept::wrap_accepted;
use crate::net::error::with_context;
use crate::net::sys::{self, std_unix_address};
use crate::net::unix::address::{path_address, remove_path};
use crate::net::unix::display_addr::DisplayAddr;
use crate::trace::Origin;
use rustix::net::{bind, getsockname, listen};
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::net::SocketAddr;
use std::path::Path;
use std::task::{Context, Poll};

/// The maximum of the system (`net.core.somaxconn`), as in std.
const BACKLOG: i32 = -1;

/// A Unix socket that accepts connections that preserve message boundaries (Linux only).
///
/// Any number of tasks can accept connections through a shared reference. The path is not removed when the socket is
/// closed.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::{UnixSeqpacket, UnixSeqpacketListener};
///
/// # dormouse::block_on(async {
/// let name = format!("\0dormouse-seqpacket-{}", std::process::id());
/// let listener = UnixSeqpacketListener::bind(&name)?;
/// let client = UnixSeqpacket::connect(&name).await?;
/// let (server, _address) = listener.accept().await?;
/// client.send(b"hello").await?;
/// assert_eq!(server.recv(&mut [0; 16]).await?, 5);
/// # Ok(())
/// # })
/// # }
/// ```
pub struct UnixSeqpacketListener(AsyncFd<OwnedFd>);

impl UnixSeqpacketListener {
    /// Creates a listener bound to a path, or to an abstract name: see [addresses](crate::net::unix#addresses).
    ///
    /// The path must not exist yet, and is not removed when the socket is closed. It is removed if this function fails
    /// after it has created it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixSeqpacketListener;
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-bind-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// let listener = UnixSeqpacketListener::bind(&path)?;
    /// # let _ = listener;
    /// std::fs::remove_file(&path)?; // at the end, so that the next `bind` succeeds
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// `AddrInUse` if the path exists, even if it is the path of a closed socket. `InvalidInput` if the path
    /// [is no address](crate::net::unix#addresses). The error names the path. If the socket cannot be registered: see
    /// [`AsyncFd`](AsyncFd#errors).
    #[track_caller]
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixSeqpacketListener> {
        UnixSeqpacketListener::bind_addr(&path_address(path.as_ref())?)
    }

    /// Creates a listener bound to an address, which can be an abstract name.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixSeqpacketListener;
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    /// let name = format!("dormouse-seqpacket-{}", std::process::id());
    /// let listener = UnixSeqpacketListener::bind_addr(&SocketAddr::from_abstract_name(name)?)?;
    /// # let _ = listener;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixSeqpacketListener> {
        let origin = Origin::caller();
        let bind = || {
            let socket = socket()?;
            bind(&socket, &to_rustix(address)?)?;
            let listening = listen(&socket, BACKLOG).map_err(io::Error::from);
            listening
                .and_then(|()| {
                    AsyncFd::created_for(socket, Interest::READABLE, Mode::NonBlocking, origin)
                })
                .inspect_err(|_| remove_path(address))
        };
        bind().map(UnixSeqpacketListener).map_err(|err| {
            with_context(err, format_args!("cannot listen on {}", DisplayAddr(address)))
        })
    }

    /// Registers a listening socket of type `SOCK_SEQPACKET` with
    /// [`Reactor::current`](crate::reactor::Reactor::current). It is set non-blocking, unless it is already.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixSeqpacketListener)]
    /// let fd = listener.into_blocking_fd()?;
    /// let listener = UnixSeqpacketListener::from_owned_fd(fd)?;
    /// # let _ = listener;
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the socket cannot be registered: see [`AsyncFd`](AsyncFd#errors). Then it is closed.
    #[track_caller]
    pub fn from_owned_fd(fd: OwnedFd) -> io::Result<UnixSeqpacketListener> {
        AsyncFd::with_interest(fd, Interest::READABLE).map(UnixSeqpacketListener)
    }

    /// Accepts a connection, and returns it with the address of the peer, which is usually unnamed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixSeqpacketListener)]
    /// let (server, address) = listener.accept().await?;
    /// assert!(address.is_unnamed());
    /// # drop(server);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// If the process has no fds left. Then the connection stays in the backlog, so the next call fails immediately:
    /// sleep before it. The error names the address of the listener.
    ///
    /// A connection that is accepted, but [cannot be registered](AsyncFd#connections), is returned.
    ///
    /// # Cancel safety
    /// Dropping the future loses no connection: it stays in the backlog for the next call.
    pub async fn accept(&self) -> io::Result<(UnixSeqpacket, SocketAddr)> {
        let accepted = self.0.async_io(Interest::READABLE, accept).await;
        wrap_accepted(
            accepted,
            |_| Interest::BOTH,
            || Ok(DisplayAddr(self.local_addr()?).to_string()),
        )
    }

    /// Polls for a connection, for use in a manual `Future` impl.
    ///
    /// Only the last task that called this method is woken. To accept from several tasks, use
    /// [`accept`](Self::accept).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    /// use std::future::poll_fn;
    #[doc = example_set_up!(UnixSeqpacketListener)]
    /// let (server, address) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// # let _ = (server, address);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept).
    pub fn poll_accept(
        &self,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<(UnixSeqpacket, SocketAddr)>> {
        self.0.poll_read_with(cx, accept).map(|accepted| {
            wrap_accepted(
                accepted,
                |_| Interest::BOTH,
                || Ok(DisplayAddr(self.local_addr()?).to_string()),
            )
        })
    }

    /// The address that the socket is bound to.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixSeqpacketListener)]
    /// println!("listening on {:?}", listener.local_addr()?);
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

    /// Takes the pending error of the socket (`SO_ERROR`).
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixSeqpacketListener)]
    /// assert!(listener.take_error()?.is_none());
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
}

fn accept(listener: &OwnedFd) -> io::Result<(OwnedFd, SocketAddr)> {
    sys::accept_unix_socket(listener.as_fd())
}

handle!(accept_seqpacket listener: UnixSeqpacketListener(std::os::fd::OwnedFd));
owned_fd!(listener: UnixSeqpacketListener);
readable!(accept_seqpacket listener: UnixSeqpacketListener, example_set_up!(UnixSeqpacketListener));
