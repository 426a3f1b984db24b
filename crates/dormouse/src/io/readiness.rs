//! The wait for readiness as a future, which borrows the [`AsyncFd`] or owns it through an `Arc`.

use super::{AsSource, AsyncFd};
use crate::coop::{Cooperative, cooperative};
use crate::reactor::{Interest, Ready, ReadyEvent, WaiterSlot};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// A pointer to an [`AsyncFd`]. A future that needs the object mutably holds `&mut`: so it is `Send` although `T` may not
/// be `Sync`.
pub(super) trait Pointer {
    type Object: AsSource;

    fn async_fd(&self) -> &AsyncFd<Self::Object>;
}

impl<T: AsSource> Pointer for &AsyncFd<T> {
    type Object = T;

    #[inline(always)]
    fn async_fd(&self) -> &AsyncFd<T> {
        self
    }
}

impl<T: AsSource> Pointer for &mut AsyncFd<T> {
    type Object = T;

    #[inline(always)]
    fn async_fd(&self) -> &AsyncFd<T> {
        self
    }
}

impl<T: AsSource> Pointer for Arc<AsyncFd<T>> {
    type Object = T;

    #[inline(always)]
    fn async_fd(&self) -> &AsyncFd<T> {
        self
    }
}

/// A wait. Each has its own waiter slot, so any number of them can wait.
pub(super) struct Readiness<P: Pointer> {
    fd: P,
    interest: Interest,
    /// The key of the waiter slot, once there is one.
    key: Option<usize>,
}

impl<P: Pointer> Readiness<P> {
    pub(super) fn new(fd: P, interest: Interest) -> Cooperative<Readiness<P>> {
        cooperative(Readiness { fd, interest, key: None })
    }
}

/// The pointer is never pinned.
impl<P: Pointer> Unpin for Readiness<P> {}

impl<P: Pointer> Future for Readiness<P> {
    type Output = io::Result<ReadyEvent>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<ReadyEvent>> {
        let this = self.get_mut();
        let slot = WaiterSlot::Future(this.interest, &mut this.key);
        this.fd.async_fd().registration.poll_readiness(slot, None, cx.waker())
    }
}

impl<P: Pointer> Drop for Readiness<P> {
    fn drop(&mut self) {
        if let Some(key) = self.key {
            self.fd.async_fd().registration.remove_waiter(key);
        }
    }
}

impl<T: AsSource> AsyncFd<T> {
    /// [`readable`](Self::readable) as a future that owns the `AsyncFd`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::net::UdpSocket;
    /// use std::sync::Arc;
    ///
    /// let socket = Arc::new(AsyncFd::new(UdpSocket::bind("127.0.0.1:0")?)?);
    /// UdpSocket::bind("127.0.0.1:0")?.send_to(b"ping", socket.get_ref().local_addr()?)?;
    /// let readable = socket.clone().readable_owned(); // 'static
    /// std::thread::spawn(|| dormouse::block_on(readable)).join().expect("no panic")?;
    /// let received = socket.try_io(Interest::READABLE, |socket| socket.recv(&mut [0; 16]))?;
    /// assert_eq!(received, 4);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    pub fn readable_owned(self: Arc<Self>) -> ReadyOwned<T> {
        self.ready_owned(Interest::READABLE)
    }

    /// [`writable`](Self::writable) as a future that owns the `AsyncFd`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::AsyncFd;
    /// use std::sync::Arc;
    /// let (_reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let writer = Arc::new(AsyncFd::new(writer)?);
    /// assert!(dormouse::block_on(writer.clone().writable_owned())?.is_writable());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    pub fn writable_owned(self: Arc<Self>) -> ReadyOwned<T> {
        self.ready_owned(Interest::WRITABLE)
    }

    /// [`ready`](Self::ready) as a future that owns the `AsyncFd`.
    ///
    /// ```
    /// # fn main() -> std::io::Result<()> {
    /// use dormouse::io::{AsyncFd, Interest};
    /// use std::sync::Arc;
    /// let (reader, writer) = std::os::unix::net::UnixStream::pair()?;
    /// let reader = Arc::new(AsyncFd::new(reader)?);
    /// drop(writer);
    /// let ready = dormouse::block_on(reader.ready_owned(Interest::READABLE))?;
    /// assert!(ready.is_readable());
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// If no reactor can register the fd: see [the type](Self#errors).
    pub fn ready_owned(self: Arc<Self>, interest: Interest) -> ReadyOwned<T> {
        ReadyOwned { wait: Readiness::new(self, interest) }
    }
}

/// A wait that owns its [`AsyncFd`], returned by [`AsyncFd::readable_owned`], [`writable_owned`](AsyncFd::writable_owned)
/// and [`ready_owned`](AsyncFd::ready_owned). It can be stored in a struct beside the `Arc`, or moved into a task.
///
/// It has no guard that could clear the readiness. So do the operation by [`AsyncFd::try_io`] or
/// [`AsyncFd::async_io`], which clear it if the operation returns `WouldBlock`; otherwise the next wait completes at once.
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// use dormouse::io::{AsyncFd, Interest, ReadyOwned};
/// use std::io::{self, ErrorKind};
/// use std::net::UdpSocket;
/// use std::pin::Pin;
/// use std::sync::Arc;
/// use std::task::{Context, Poll, ready};
///
/// /// Receives packets, in a task of its own: it has a waiter of its own, beside those of other receivers.
/// struct Receiver {
///     socket: Arc<AsyncFd<UdpSocket>>,
///     readable: ReadyOwned<UdpSocket>,
/// }
///
/// impl Receiver {
///     fn new(socket: Arc<AsyncFd<UdpSocket>>) -> Receiver {
///         Receiver { readable: socket.clone().readable_owned(), socket }
///     }
///
///     fn poll_receive(&mut self, cx: &mut Context<'_>, buffer: &mut [u8]) -> Poll<io::Result<usize>> {
///         loop {
///             ready!(Pin::new(&mut self.readable).poll(cx))?;
///             self.readable = self.socket.clone().readable_owned();
///             match self.socket.try_io(Interest::READABLE, |socket| socket.recv(buffer)) {
///                 Err(err) if err.kind() == ErrorKind::WouldBlock => {}
///                 result => return Poll::Ready(result),
///             }
///         }
///     }
/// }
///
/// let socket = Arc::new(AsyncFd::new(UdpSocket::bind("127.0.0.1:0")?)?);
/// UdpSocket::bind("127.0.0.1:0")?.send_to(b"ping", socket.get_ref().local_addr()?)?;
/// let (mut receiver, mut buffer) = (Receiver::new(socket), [0; 16]);
/// let received = std::future::poll_fn(|cx| receiver.poll_receive(cx, &mut buffer));
/// assert_eq!(dormouse::block_on(received)?, 4);
/// # Ok(())
/// # }
/// ```
///
/// # Cancel safety
/// No readiness is lost.
#[must_use = "futures do nothing unless they are polled"]
pub struct ReadyOwned<T: AsSource> {
    wait: Cooperative<Readiness<Arc<AsyncFd<T>>>>,
}

impl<T: AsSource> Future for ReadyOwned<T> {
    type Output = io::Result<Ready>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<Ready>> {
        let event = ready!(Pin::new(&mut self.wait).poll(cx))?;
        Poll::Ready(Ok(event.ready))
    }
}

impl<T: AsSource> fmt::Debug for ReadyOwned<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadyOwned").finish_non_exhaustive()
    }
}
