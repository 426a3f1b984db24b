//! Sockets and pipes of std, asynchronous on any executor.
//!
//! The names are those of `tokio::net`. Reading and writing take a shared reference, so one task can read while
//! another writes.
//! `from_std` converts a socket of std into one of this module, and `into_std` converts it back; `as_ref` leads to the
//! methods of std that this module does not have, such as [`shutdown`](std::net::TcpStream::shutdown).
//! [JavaScript hosts](crate::platform#javascript-hosts) do not have this module.
//!
//! ```
//! use dormouse::net::{TcpListener, TcpStream};
//!
//! # fn main() -> std::io::Result<()> {
//! dormouse::block_on(async {
//!     let listener = TcpListener::bind("127.0.0.1:0").await?;
//!     let client = TcpStream::connect(listener.local_addr()?).await?;
//!     let (server, _address) = listener.accept().await?;
//!     client.write_all(b"hello").await?;
//!     let mut buffer = [0; 5];
//!     server.read_exact(&mut buffer).await?;
//!     assert_eq!(&buffer, b"hello");
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # `write_all`, `read_exact`, lines
//! `write` can write a part of the buffer, and `read` returns what has arrived. [`write_all`](TcpStream::write_all) and
//! [`read_exact`](TcpStream::read_exact) repeat them; streams, pipes and halves have both. As in tokio, `read_exact` returns
//! the length of the buffer.
//!
//! More methods, such as `read_to_end` and `read_line`, are in the traits of futures and tokio: streams, references to
//! streams, pipes and halves implement [both families](crate::io#reading-and-writing). Add the crate that you use:
//! `cargo add futures`, or `cargo add tokio --features io-util`, whose methods work on every executor. If a trait has a
//! method that the type has too, a value or a shared reference calls that of the type, and a mutable reference that of the
//! trait. Both do the same, but the `read_exact` of futures returns `()`, and of several tasks that wait through a trait for
//! one direction, only the last is woken.
//!
//! ```
//! # #[cfg(feature = "futures-io")]
//! # fn main() -> std::io::Result<()> {
//! use dormouse::net::{TcpListener, TcpStream};
//! use futures::io::{AsyncBufReadExt, BufReader};
//!
//! # dormouse::block_on(async {
//! # let listener = TcpListener::bind("127.0.0.1:0").await?;
//! # let client = TcpStream::connect(listener.local_addr()?).await?;
//! # let (server, _address) = listener.accept().await?;
//! client.write_all(b"GET / HTTP/1.0\r\n\r\n").await?;
//! let mut line = String::new();
//! BufReader::new(server).read_line(&mut line).await?;
//! assert_eq!(line, "GET / HTTP/1.0\r\n");
//! # Ok(())
//! # })
//! # }
//! # #[cfg(not(feature = "futures-io"))]
//! # fn main() {}
//! ```
//!
//! # Name resolution
//! The functions take socket addresses, also as text, and `localhost`. With the feature `dns` they take host names too, and
//! `lookup_host` resolves one: see [`ToSocketAddrs`](ToSocketAddrs#names).
//!
//! # Errors
//! An error of connecting, binding, accepting or `UnixDatagram::send_to` names the address, in a message such as
//! `cannot connect to 127.0.0.1:1: Connection refused (os error 111)`. A path is quoted, and control characters are
//! escaped. Its [`kind`](std::io::Error::kind) is that of the system's error, which is its
//! [`source`](std::error::Error::source). Its [`raw_os_error`](std::io::Error::raw_os_error) is `None`; that of the source
//! is the system's:
//!
//! ```
//! use std::error::Error;
//! use std::io;
//!
//! fn raw_os_error(error: &io::Error) -> Option<i32> {
//!     let system = error.source().and_then(|source| source.downcast_ref::<io::Error>());
//!     system.unwrap_or(error).raw_os_error()
//! }
//! # dormouse::block_on(async {
//! # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
//! # let address = listener.local_addr()?;
//! # drop(listener);
//! let error = dormouse::net::TcpStream::connect(address).await.unwrap_err();
//! assert_eq!(raw_os_error(&error), Some(rustix::io::Errno::CONNREFUSED.raw_os_error()));
//! # io::Result::Ok(())
//! # })?;
//! # io::Result::Ok(())
//! ```
//!
//! Other errors of sending and receiving are the system's, unchanged.
//!
//! # Cancel safety
//! Every future can be dropped at any time. That cancels the operation and leaves no fd open. `read_exact` and
//! `write_all` do not report then how much they have read or written.
//!
//! # Which reactor
//! Each socket is registered with the reactor that
//! [`Reactor::current`](crate::reactor::Reactor::current) returns when the socket is created, connected or
//! accepted. It can [move](crate::io::AsyncFd#reactor) to another one, for example when its tokio runtime shuts down.
//!
//! To choose the reactor, register a socket of std with it, and convert the `AsyncFd`:
//!
//! ```
//! use dormouse::io::{AsyncFd, Interest};
//! use dormouse::net::UdpSocket;
//! use dormouse::reactor::Reactor;
//!
//! # fn main() -> std::io::Result<()> {
//! let socket = std::net::UdpSocket::bind("127.0.0.1:0")?;
//! let interest = Interest::READABLE | Interest::WRITABLE;
//! let socket = UdpSocket::from(AsyncFd::new_on(&Reactor::builtin(), socket, interest)?);
//! assert_eq!(socket.reactor().name(), "builtin");
//! # Ok(())
//! # }
//! ```

#[macro_use]
mod macros;

mod accept;
mod addr;
#[cfg(feature = "bytes")]
mod bytes;
mod connect;
mod error;
mod happy_eyeballs;
#[cfg(feature = "stream")]
mod incoming;
mod options;
#[cfg(unix)]
mod pipe;
#[cfg_attr(not(feature = "dns"), path = "net/resolver/absent.rs")]
mod resolver;
#[cfg_attr(
    all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)),
    path = "net/sys/linux.rs"
)]
#[cfg_attr(
    any(dormouse_portable, not(any(target_os = "linux", target_os = "android", windows))),
    path = "net/sys/unix.rs"
)]
#[cfg_attr(windows, path = "net/sys/windows.rs")]
mod sys;
pub mod tcp;
#[cfg(any(feature = "futures-io", feature = "tokio-io", feature = "hyper"))]
mod traits;
mod udp;
#[cfg(unix)]
pub mod unix;

pub use addr::ToSocketAddrs;
pub use happy_eyeballs::HappyEyeballs;
#[cfg(unix)]
pub use pipe::{PipeReader, PipeWriter, pipe};
#[cfg(feature = "dns")]
pub use resolver::{LookupFuture, Resolver, SetResolverError, lookup_host, set_resolver};
pub use tcp::listener::TcpListener;
pub use tcp::socket::TcpSocket;
pub use tcp::stream::TcpStream;
pub use udp::UdpSocket;
#[cfg(unix)]
pub use unix::datagram::UnixDatagram;
#[cfg(unix)]
pub use unix::listener::UnixListener;
#[cfg(all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)))]
pub use unix::seqpacket::{UnixSeqpacket, UnixSeqpacketListener};
#[cfg(unix)]
pub use unix::stream::UnixStream;
