//! What a reactor watches: file descriptors on Unix, sockets on Windows. The code that is the same on both imports the
//! types of std from here, under names that fit both.
//!
//! It knows no reactor.

#[cfg_attr(unix, path = "source/unix.rs")]
#[cfg_attr(windows, path = "source/windows.rs")]
mod sys;

pub(crate) use sys::{
    BorrowedSource, OwnedSource, RawSource, borrow, impl_as_source, is_fifo, raw,
};

use sys::AsHandle;

/// An object that [`AsyncFd`](crate::io::AsyncFd) can wrap. On Unix it is every type that implements
/// [`AsFd`](std::os::fd::AsFd), on Windows every type that implements `AsSocket`.
///
/// Use it as a bound in generic code. The wrapper is one type everywhere; on Windows it has the name `AsyncSocket` too.
///
/// ```
/// use dormouse::io::{AsSource, AsyncFd, Interest};
/// use std::io::{self, Read};
///
/// async fn read_some<T: AsSource>(fd: &AsyncFd<T>, buffer: &mut [u8]) -> io::Result<usize>
/// where
///     for<'a> &'a T: Read,
/// {
///     fd.async_io(Interest::READABLE, |mut inner| inner.read(buffer)).await
/// }
/// # let (mut peer, ours) = std::os::unix::net::UnixStream::pair()?;
/// # io::Write::write_all(&mut peer, b"x")?;
/// # let ours = AsyncFd::new(ours)?;
/// # assert_eq!(dormouse::block_on(read_some(&ours, &mut [0; 4]))?, 1);
/// # io::Result::Ok(())
/// ```
///
/// # Objects that implement `AsRawFd` alone
/// A raw fd is a number. Nothing keeps the fd open, so no safe function turns it into a
/// [`BorrowedFd`](std::os::fd::BorrowedFd).
///
/// If the object can be turned into an [`OwnedFd`](std::os::fd::OwnedFd) and is not needed any more, wrap that. Most types
/// that have an fd of their own can.
///
/// ```
/// use dormouse::io::AsyncFd;
/// use std::os::fd::OwnedFd;
/// # struct Device(std::os::unix::net::UnixStream);
/// # impl From<Device> for OwnedFd { fn from(device: Device) -> OwnedFd { device.0.into() } }
/// fn wrap(device: Device) -> std::io::Result<AsyncFd<OwnedFd>> {
///     AsyncFd::new(OwnedFd::from(device))
/// }
/// # wrap(Device(std::os::unix::net::UnixStream::pair()?.0))?;
/// # std::io::Result::Ok(())
/// ```
///
/// Otherwise wrap the object in a type of your own, whose `AsFd` promises that the fd stays open. That takes one line of `unsafe`
/// code: the object must keep the same fd open for as long as it lives, and must not give it away. With `Deref` and
/// `DerefMut`, most code that uses the object behind `get_ref()` and `get_mut()` stays as it is.
///
/// ```
/// use dormouse::io::AsyncFd;
/// use std::io::Read;
/// use std::ops::{Deref, DerefMut};
/// use std::os::fd::{AsFd, AsRawFd, BorrowedFd, RawFd};
/// # struct Device(std::os::unix::net::UnixStream);
/// # impl AsRawFd for Device { fn as_raw_fd(&self) -> RawFd { self.0.as_raw_fd() } }
/// # impl Read for Device {
/// #     fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> { self.0.read(buffer) }
/// # }
/// # fn open() -> std::io::Result<(Device, std::os::unix::net::UnixStream)> {
/// #     std::os::unix::net::UnixStream::pair().map(|(ours, peer)| (Device(ours), peer))
/// # }
///
/// /// A `Device` of another crate, which implements `AsRawFd` but not `AsFd`.
/// struct Source(Device);
///
/// impl AsFd for Source {
///     fn as_fd(&self) -> BorrowedFd<'_> {
///         // SAFETY: a `Device` owns its fd, and closes it when it is dropped.
///         unsafe { BorrowedFd::borrow_raw(self.0.as_raw_fd()) }
///     }
/// }
///
/// impl Deref for Source {
///     type Target = Device;
///
///     fn deref(&self) -> &Device {
///         &self.0
///     }
/// }
///
/// impl DerefMut for Source {
///     fn deref_mut(&mut self) -> &mut Device {
///         &mut self.0
///     }
/// }
///
/// # let (device, peer) = open()?;
/// let mut device = AsyncFd::new(Source(device))?;
/// # drop(peer);
/// dormouse::block_on(async {
///     let mut guard = device.readable_mut().await?;
///     let read = guard.try_io(|fd| fd.get_mut().read(&mut [0; 64]));
/// #   assert_eq!(read.unwrap()?, 0);
///     std::io::Result::Ok(())
/// })?;
/// # std::io::Result::Ok(())
/// ```
///
/// If the object reads through a shared reference, as a `TcpStream` of std does, write
/// `(&**fd.get_ref()).read(&mut buffer)`: the compiler does not insert that `&**` by itself.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be wrapped in an `AsyncFd`: it does not implement `AsFd` (on Windows: `AsSocket`)",
    label = "does not implement `std::os::fd::AsFd`",
    note = "if `{Self}` implements `AsRawFd` alone, wrap it in a type of your own: see `dormouse::io::AsSource`"
)]
pub trait AsSource: AsHandle {}

// Without this, the compiler reports the missing `AsFd`, and not the message above.
#[diagnostic::do_not_recommend]
impl<T: AsHandle + ?Sized> AsSource for T {}
