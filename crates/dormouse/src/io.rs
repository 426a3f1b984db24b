//! Readiness of file descriptors: [`AsyncFd`].
//!
//! Whatever has a file descriptor that the kernel can report on can be awaited: sockets, pipes,
//! timerfds, inotify, netlink, and so on. The names are those of `tokio::io::unix`.
//!
//! # Reading and writing
//! An `AsyncFd<T>`, a reference to one, and the halves of one ([`AsyncFd::into_split`]) implement the
//! asynchronous traits of three crates, each by the feature of its name, where `&T` implements std's `Read` and
//! `Write`: for TCP and Unix streams and for `File`, as which a pipe can be had.
//!
//! | feature | traits |
//! |---|---|
//! | `futures-io`, on by default | `futures_io::{AsyncRead, AsyncWrite}` |
//! | `tokio` | `tokio::io::{AsyncRead, AsyncWrite}`, outside tokio too |
//! | `hyper` | `hyper::rt::{Read, Write}` |
//!
//! To close or shut down flushes, and then shuts down the writing direction: the peer reads the end of the
//! stream, and may still answer. In each direction the last task that polled is woken, no other.
//!
//! ```
//! # #[cfg(feature = "futures-io")]
//! # fn main() -> std::io::Result<()> {
//! use dormouse::io::AsyncFd;
//! use futures::io::{AsyncReadExt, AsyncWriteExt};
//! use std::os::unix::net::UnixStream;
//!
//! let (ours, theirs) = UnixStream::pair()?;
//! let (mut ours, mut theirs) = (AsyncFd::new(ours)?, AsyncFd::new(theirs)?);
//! dormouse::block_on(async {
//!     ours.write_all(b"a question").await?;
//!     ours.close().await?;
//!     let mut heard = String::new();
//!     theirs.read_to_string(&mut heard).await?;
//!     theirs.write_all(b"an answer").await?;
//!     let mut answer = [0; 9];
//!     ours.read_exact(&mut answer).await?;
//!     assert_eq!((heard.as_str(), &answer), ("a question", b"an answer"));
//!     Ok(())
//! })
//! # }
//! # #[cfg(not(feature = "futures-io"))]
//! # fn main() {}
//! ```
//!
//! # Cancel safety
//! A poll that is `Pending` has read and written nothing. What the combinators of a trait's crate promise
//! beyond that, it says: `write_all`, dropped half way, does not tell how far it came.

mod async_fd;
mod guard;
mod split;
mod wrap;

#[cfg(feature = "futures-io")]
mod futures_io;
#[cfg(feature = "hyper")]
mod hyper;
#[cfg(any(feature = "futures-io", feature = "tokio", feature = "hyper"))]
mod poll;
#[cfg(all(feature = "tokio", not(loom)))]
mod tokio_io;

pub use crate::reactor::{Interest, Ready};
pub use async_fd::AsyncFd;
pub use guard::{AsyncFdReadyGuard, TryIoError};
pub use split::{ReadHalf, ReuniteError, WriteHalf};
pub use wrap::AsyncFdTryNewError;
