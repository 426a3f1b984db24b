//! What W7 compares: wrappers that register an fd with a reactor, on the executors of [`crate::peer`]. Knows no
//! workload.
//!
//! A peer of W7 is a pair of types: an [`Executor`](executor::Executor), which runs futures, and an [`FdPeer`],
//! which registers fds. Two peers that differ in the reactor only share all other code, and no measurement pays
//! for dynamic dispatch.

pub(crate) mod executor;
pub(crate) mod socket;

use socket::Registered;
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

/// The wrappers of one reactor.
pub(crate) trait FdPeer: 'static {
    type Unix: Registered<UnixStream>;
    type Tcp: Registered<TcpStream>;
}

/// tokio's `AsyncFd`, for an fd that its user has opened.
pub(crate) struct TokioFd;

impl FdPeer for TokioFd {
    type Unix = tokio::io::unix::AsyncFd<UnixStream>;
    type Tcp = tokio::io::unix::AsyncFd<TcpStream>;
}

/// tokio's own sockets.
pub(crate) struct TokioNet;

impl FdPeer for TokioNet {
    type Unix = tokio::net::UnixStream;
    type Tcp = tokio::net::TcpStream;
}

pub(crate) struct AsyncIo;

impl FdPeer for AsyncIo {
    type Unix = async_io::Async<UnixStream>;
    type Tcp = async_io::Async<TcpStream>;
}

/// dormouse's `AsyncFd`. It selects the reactor of the executor that it runs on.
pub(crate) struct Dormouse;

impl FdPeer for Dormouse {
    type Unix = dormouse::io::AsyncFd<UnixStream>;
    type Tcp = dormouse::io::AsyncFd<TcpStream>;
}

/// dormouse's own sockets.
pub(crate) struct DormouseNet;

impl FdPeer for DormouseNet {
    type Unix = dormouse::net::UnixStream;
    type Tcp = dormouse::net::TcpStream;
}
