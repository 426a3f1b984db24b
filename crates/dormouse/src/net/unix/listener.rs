//! [`UnixListener`]: a Unix stream socket that accepts connections.

use super::address::{path_address, remove_path};
use crate::io::{AsyncFd, HasAsyncFd, Interest, Mode};
use crate::net::accept::wrap_accepted;
use crate::net::error::with_context;
use crate::net::unix::display_addr::DisplayAddr;
use crate::net::{UnixStream, sys};
use crate::trace::Origin;
use std::io;
use std::os::unix::net::{self, SocketAddr};
use std::path::Path;
use std::task::{Context, Poll};

/// A Unix stream socket that accepts connections.
///
/// Any number of tasks can accept connections through a shared reference. The path is not removed when the socket is
/// closed.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::net::{UnixListener, UnixStream};
/// # let path = std::env::temp_dir().join(format!("dormouse-doc-listener-{}", std::process::id()));
/// # let _ = std::fs::remove_file(&path);
/// # dormouse::block_on(async {
/// let listener = UnixListener::bind(&path)?;
/// # let client = UnixStream::connect(&path).await?;
/// # std::fs::remove_file(&path)?;
/// loop {
///     let (stream, _address) = listener.accept().await?;
///     // here a server spawns a task for `stream`
/// #   drop(stream);
/// #   return Ok(());
/// }
/// # })
/// # }
/// ```
pub struct UnixListener(AsyncFd<net::UnixListener>);

impl UnixListener {
    /// Creates a listener bound to a path, or to an abstract name: see [addresses](crate::net::unix#addresses).
    ///
    /// The path must not exist yet, and is not removed when the socket is closed. It is removed if this function fails
    /// after it has created it.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::UnixListener;
    /// # let path = std::env::temp_dir().join(format!("dormouse-doc-bind-{}", std::process::id()));
    /// # let _ = std::fs::remove_file(&path);
    /// let listener = UnixListener::bind(&path)?;
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
    pub fn bind(path: impl AsRef<Path>) -> io::Result<UnixListener> {
        UnixListener::bind_addr(&path_address(path.as_ref())?)
    }

    /// Creates a listener bound to an address, which can be an abstract name on Linux.
    ///
    /// ```
    /// # #[cfg(target_os = "linux")]
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::net::{UnixListener, UnixStream};
    /// use std::os::linux::net::SocketAddrExt;
    /// use std::os::unix::net::SocketAddr;
    ///
    /// let name = format!("dormouse-{}", std::process::id());
    /// let address = SocketAddr::from_abstract_name(name)?;
    /// let listener = UnixListener::bind_addr(&address)?;
    /// let stream = dormouse::block_on(UnixStream::connect_addr(&address))?;
    /// # let _ = (listener, stream);
    /// # Ok(())
    /// # }
    /// # #[cfg(not(target_os = "linux"))]
    /// # fn main() {}
    /// ```
    ///
    /// # Errors
    /// Those of [`bind`](Self::bind).
    #[track_caller]
    pub fn bind_addr(address: &SocketAddr) -> io::Result<UnixListener> {
        let origin = Origin::caller();
        net::UnixListener::bind_addr(address)
            .and_then(|listener| {
                AsyncFd::created_for(listener, Interest::READABLE, Mode::Blocking, origin)
                    .inspect_err(|_| remove_path(address))
            })
            .map(UnixListener)
            .map_err(|err| {
                with_context(err, format_args!("cannot listen on {}", DisplayAddr(address)))
            })
    }

    /// Accepts a connection, and returns it with the address of the peer, which is usually unnamed.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// # dormouse::block_on(async {
    #[doc = example_set_up!(UnixListener)]
    /// let (stream, address) = listener.accept().await?;
    /// assert!(address.is_unnamed());
    /// # drop(stream);
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
    pub async fn accept(&self) -> io::Result<(UnixStream, SocketAddr)> {
        let accepted = self.0.async_io(Interest::READABLE, sys::accept_unix).await;
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
    #[doc = example_set_up!(UnixListener)]
    /// let (stream, address) = poll_fn(|cx| listener.poll_accept(cx)).await?;
    /// # let _ = (stream, address);
    /// # Ok(())
    /// # })
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of [`accept`](Self::accept).
    pub fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<(UnixStream, SocketAddr)>> {
        let accepted = self.0.poll_read_with(cx, sys::accept_unix);
        accepted.map(|accepted| {
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
    #[doc = example_set_up!(UnixListener)]
    /// println!("listening on {:?}", listener.local_addr()?);
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
}

socket!(accept listener: UnixListener(std::os::unix::net::UnixListener), |_| Interest::READABLE);
readable!(accept listener: UnixListener, example_set_up!(UnixListener));
