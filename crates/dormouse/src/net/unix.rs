//! The halves of a [`UnixStream`](super::UnixStream), the credentials of a peer, and the addresses of Unix sockets.
//!
//! # Addresses
//! An address is a path. On Linux it can also be an abstract name, which exists in no file system and vanishes with the
//! socket. The functions that take a path take a NUL byte and an abstract name too, as in tokio; those that end in
//! `_addr` take a [`SocketAddr`].
//!
//! ```
//! # #[cfg(all(target_os = "linux", not(dormouse_portable)))]
//! # fn main() -> std::io::Result<()> {
//! use dormouse::net::{UnixListener, UnixStream};
//! use dormouse::net::unix::SocketAddr;
//! use std::os::linux::net::SocketAddrExt;
//!
//! let name = format!("dormouse-{}", std::process::id());
//! let listener = UnixListener::bind(format!("\0{name}"))?;
//! let address = SocketAddr::from_abstract_name(name)?;
//! let stream = dormouse::block_on(UnixStream::connect_addr(&address))?;
//! # let _ = (listener, stream);
//! # Ok(())
//! # }
//! # #[cfg(not(all(target_os = "linux", not(dormouse_portable))))]
//! # fn main() {}
//! ```
//!
//! A path or a name has a maximum length: 107 bytes on Linux, 103 on the BSDs and macOS. One that is longer is an error of
//! the kind [`InvalidInput`](std::io::ErrorKind::InvalidInput) that names it and the limit. So is a path that is empty or
//! contains a NUL byte; the error names the path. An abstract name can contain NUL bytes. On other systems than Linux
//! and Android, an abstract name is an error of the kind [`Unsupported`](std::io::ErrorKind::Unsupported).

#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
#[macro_use]
mod ucred;

mod address;
pub(super) mod datagram;
mod display_addr;
#[cfg(feature = "stream")]
mod incoming;
pub(super) mod listener;
mod retry;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)))]
pub(super) mod seqpacket;
mod split;
pub(super) mod stream;

pub use split::{OwnedReadHalf, OwnedWriteHalf, ReadHalf, ReuniteError, WriteHalf};
#[doc(no_inline)]
pub use std::os::unix::net::SocketAddr;
#[cfg(not(any(target_os = "illumos", target_os = "solaris")))]
pub use ucred::UCred;
