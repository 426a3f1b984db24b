//! Sockets and pipes: those of std, to be awaited on any executor.
//!
//! A [`TcpStream`] of this module is an [`AsyncFd`] around std's, and so are the others: what is not
//! here (addresses, options, [`shutdown`](std::net::TcpStream::shutdown)) is on
//! [`get_ref`](AsyncFd::get_ref). A socket from elsewhere becomes one of these with
//! [`AsyncFd::new`], and std's again with [`into_inner`](AsyncFd::into_inner). Reading and writing
//! need a shared reference only, so one task can read while another writes.
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
//! # Names are resolved elsewhere
//! An address here is an address, not the name of a host: to resolve one, std blocks the thread, and
//! there is no other way that works everywhere. Where that is not wanted, do it on a thread for blocking
//! work, and hand what comes out to [`TcpStream::connect_any`](AsyncFd::connect_any).
//!
//! # Errors
//! An error of connecting, binding or accepting names the address, in a message such as `cannot connect
//! to 127.0.0.1:1: Connection refused (os error 111)`. Its [`kind`](std::io::Error::kind) is that of
//! the system's error, which is its [`source`](std::error::Error::source). Errors of sending and
//! receiving are the system's as they are.
//!
//! # Cancel safety
//! Every future here can be dropped at any time: what was not done yet is not done then, and no fd
//! stays open.
//!
//! # Which reactor
//! Each socket is watched by [`Reactor::current`](crate::reactor::Reactor::current), as it is when the
//! socket is made, connected or accepted.

mod connect;
mod datagram;
mod error;
#[cfg(feature = "stream")]
mod incoming;
mod pipe;
#[cfg(target_os = "linux")]
mod seqpacket;
mod stream;
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

/// A connection between processes of one machine.
pub type UnixStream = AsyncFd<std::os::unix::net::UnixStream>;

/// A Unix socket that accepts connections.
pub type UnixListener = AsyncFd<std::os::unix::net::UnixListener>;

/// A socket for datagrams between processes of one machine.
pub type UnixDatagram = AsyncFd<std::os::unix::net::UnixDatagram>;
