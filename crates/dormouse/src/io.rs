//! Readiness of file descriptors: [`AsyncFd`].
//!
//! It works for every file descriptor that epoll or kqueue supports: sockets, pipes, timerfds, inotify,
//! netlink, and so on. The names are those of `tokio::io::unix`.
//!
//! What can be wrapped is an [`AsSource`]: every type that implements [`AsFd`](std::os::fd::AsFd).
//! [JavaScript hosts](crate::platform#javascript-hosts) do not have this module.
//!
//! # Windows
//! Windows has readiness for sockets only. There an [`AsyncFd`] wraps every type that implements `AsSocket`, and implements
//! `AsSocket` and `AsRawSocket` itself. It keeps its name, so that code for both systems has one `use` line; `AsyncSocket` is
//! another name for it. In these pages, read "socket" for "fd". What differs is in the
//! [table of the platforms](crate::platform#windows).
//!
//! # Reading and writing
//! `AsyncFd<T>` has [`read`](AsyncFd::read), [`read_exact`](AsyncFd::read_exact), [`write`](AsyncFd::write) and
//! [`write_all`](AsyncFd::write_all) if `&T` implements std's `Read` and `Write`. TCP streams, Unix streams and `File`
//! do; a pipe can be wrapped as a `File`. Then `AsyncFd<T>`, `&AsyncFd<T>` and the halves of [`AsyncFd::into_split`]
//! also implement the asynchronous I/O traits of three crates, and so do the streams of [`net`](crate::net) and their halves.
//!
//! | feature | traits |
//! |---|---|
//! | `futures-io`, on by default | `futures_io::{AsyncRead, AsyncWrite}` |
//! | `tokio-io`, part of `tokio` | `tokio::io::{AsyncRead, AsyncWrite}`, outside tokio too |
//! | `hyper` | `hyper::rt::{Read, Write}` |
//!
//! With an empty buffer, a read or write returns 0 at once. A read from a FIFO that no writer has opened yet waits for a
//! writer, although read(2) returns 0; once the last writer has closed it, the end of file is read.
//!
//! Closing (in tokio and hyper: shutdown) flushes, and then shuts down the write direction. The peer reads
//! end of file, and can still send. In each direction, these traits wake only the last task that polled.
//!
//! ```
//! # #[cfg(feature = "futures-io")]
//! # fn main() -> std::io::Result<()> {
//! use dormouse::io::AsyncFd;
//! use futures::io::{AsyncReadExt, AsyncWriteExt}; // `read_to_string` and `close`
//! use std::os::unix::net::UnixStream;
//!
//! let (client, server) = UnixStream::pair()?;
//! let (mut client, mut server) = (AsyncFd::new(client)?, AsyncFd::new(server)?);
//! dormouse::block_on(async {
//!     client.write_all(b"request").await?;
//!     client.close().await?;
//!     let mut request = String::new();
//!     server.read_to_string(&mut request).await?;
//!     server.write_all(b"response").await?;
//!     let mut response = [0; 8];
//!     client.read_exact(&mut response).await?;
//!     assert_eq!((request.as_str(), &response), ("request", b"response"));
//!     Ok(())
//! })
//! # }
//! # #[cfg(not(feature = "futures-io"))]
//! # fn main() {}
//! ```
//!
//! # `SIGPIPE`
//! Rust programs ignore this signal. In a program that does not, the traits and the methods of [`net`](crate::net)
//! return `BrokenPipe` all the same for a closed socket, if the object is std's `TcpStream` or `UnixStream`, or a socket
//! type of [`net`](crate::net). A pipe, a `File` or a type of another crate is written by its own `Write`, so the signal
//! ends the program there. The same holds for what the caller does itself, in [`AsyncFd::async_io`].
//!
//! # Coop budget
//! An operation on an fd that is always ready does not wait. To starve neither a [`timeout`](crate::timeout()) nor other
//! tasks, it waits nevertheless when its task has completed 128 operations in one poll: the task yields to its executor,
//! and continues in the next poll. Operations are the async functions of [`AsyncFd`] and [`net`](crate::net), their `poll_*` functions,
//! the traits, and the waits for readiness. [`AsyncFd::try_io`] and that of the guards are not limited.
//!
//! In a task of tokio (with the feature `tokio`), this is
//! [tokio's budget](https://docs.rs/tokio/latest/tokio/task/coop/index.html), shared with tokio's own operations.
//! Elsewhere, there is a budget in [`block_on`](crate::block_on()), also that of `VirtualTime`, in `timeout` and in
//! `VirtualTime::scope` only. On another executor, a task that may have a lot of data to read should use `timeout` or
//! yield itself.
//!
//! # Cancel safety
//! A poll of `read`, `write` or an operation that returns `Pending` has read and written nothing. `read_exact` and
//! `write_all` are not cancel safe: one that is dropped before it completes does not report how much it has read or
//! written. For the combinators of other crates, see their docs.

mod async_fd;
pub(crate) mod blocking;
mod end_of_file;
#[macro_use]
mod guard;
mod halves;
mod mutable;
mod object;
mod operation;
mod poll;
mod read;
mod readiness;
#[cfg_attr(any(target_vendor = "apple", windows), path = "io/socket/plain.rs")]
mod socket;
mod split;
mod stream;
#[cfg(any(feature = "futures-io", feature = "tokio-io", feature = "hyper"))]
pub(crate) mod traits;
mod wrap;

pub use crate::reactor::interest::Interest;
pub use crate::reactor::ready::Ready;
pub use crate::source::AsSource;
pub use async_fd::AsyncFd;
#[cfg(windows)]
#[doc(no_inline)]
pub use async_fd::AsyncFd as AsyncSocket;
pub(crate) use blocking::Mode;
pub use guard::{AsyncFdReadyGuard, TryIoError};
pub(crate) use halves::{HasAsyncFd, ReadRef, WriteRef, split};
pub use mutable::AsyncFdReadyMutGuard;
pub use readiness::ReadyOwned;
pub use split::{OwnedReadHalf, OwnedWriteHalf, ReuniteError};
pub use wrap::AsyncFdTryNewError;
