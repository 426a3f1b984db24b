//! Sockets and pipes of std, asynchronous on any executor.
//!
//! A [`TcpStream`] of this module is an [`AsyncFd`] around std's `TcpStream`, and likewise for the other types. The
//! methods of std (addresses, options, [`shutdown`](std::net::TcpStream::shutdown)) are available through
//! [`get_ref`](AsyncFd::get_ref). [`AsyncFd::new`] converts a socket of std into one of this module, and
//! [`into_inner`](AsyncFd::into_inner) converts it back. Reading and writing take a shared
//! reference, so one task can read while another writes.
//!
//! ```
//! use dormouse::net::{TcpListener, TcpStream};
//! use std::net::Ipv4Addr;
//!
//! # fn main() -> std::io::Result<()> {
//! dormouse::block_on(async {
//!     let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
//!     let client = TcpStream::connect(listener.get_ref().local_addr()?).await?;
//!     let (server, _address) = listener.accept().await?;
//!     client.write(b"hello").await?;
//!     let mut buffer = [0; 16];
//!     let read = server.read(&mut buffer).await?;
//!     assert_eq!(&buffer[..read], b"hello");
//!     Ok(())
//! })
//! # }
//! ```
//!
//! # Name resolution
//! The functions take socket addresses, not host names. To resolve a host name, use
//! [`ToSocketAddrs`](std::net::ToSocketAddrs) of std, which blocks the thread: there is no portable way to resolve
//! without blocking. If blocking is a problem, resolve on a separate thread, and pass the addresses to
//! [`TcpStream::connect_any`](AsyncFd::connect_any).
//!
//! # Errors
//! An error of connecting, binding, accepting or `UnixDatagram::send_to` names the address, in a message such as
//! `cannot connect to 127.0.0.1:1: Connection refused (os error 111)`. Its [`kind`](std::io::Error::kind) is that of
//! the system's error, which is its [`source`](std::error::Error::source). Other errors of sending and receiving are
//! the system's, unchanged.
//!
//! # Cancel safety
//! Every future can be dropped at any time. That cancels the operation and leaves no fd open.
//!
//! # Which reactor
//! Each socket is registered with the reactor that
//! [`Reactor::current`](crate::reactor::Reactor::current) returns when the socket is created, connected or
//! accepted. It can [move](AsyncFd#reactor) to another one, for example when its tokio runtime shuts down.

mod connect;
mod datagram;
mod error;
#[cfg(feature = "stream")]
mod incoming;
mod pipe;
#[cfg(target_os = "linux")]
mod seqpacket;
mod stream;
#[cfg_attr(not(target_os = "linux"), path = "net/sys/other.rs")]
#[cfg_attr(target_os = "linux", path = "net/sys/linux.rs")]
mod sys;
mod tcp;
mod udp;
mod unix;

pub use pipe::{PipeReader, PipeWriter, pipe};
#[cfg(target_os = "linux")]
pub use seqpacket::{UnixSeqpacket, UnixSeqpacketListener};

use crate::io::AsyncFd;

/// A TCP connection.
pub type TcpStream = AsyncFd<std::net::TcpStream>;

/// A TCP socket that accepts connections.
pub type TcpListener = AsyncFd<std::net::TcpListener>;

/// A UDP socket.
pub type UdpSocket = AsyncFd<std::net::UdpSocket>;

/// A connected Unix stream socket.
pub type UnixStream = AsyncFd<std::os::unix::net::UnixStream>;

/// A Unix stream socket that accepts connections.
pub type UnixListener = AsyncFd<std::os::unix::net::UnixListener>;

/// A Unix datagram socket.
pub type UnixDatagram = AsyncFd<std::os::unix::net::UnixDatagram>;
