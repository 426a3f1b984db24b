//! What W11 compares: TCP and UDP sockets that a library opens itself, on the executors of [`crate::fd_peer`]. Knows no
//! workload.
//!
//! The sockets of thread-per-core executors are not `Send`, while a task of the other executors has to be. A
//! `SendWrapper` around such a socket, and around each of its futures, compares the ids of two threads at each use: this
//! takes a nanosecond or two, and a round trip several microseconds.

mod async_io;
#[cfg(feature = "extra-peers")]
mod compio;
mod dormouse;
#[cfg(feature = "thread-per-core")]
mod monoio;
#[cfg(any(feature = "extra-peers", feature = "thread-per-core"))]
mod owned;
mod tokio;
#[cfg(feature = "extra-peers")]
mod zruntime;

pub(crate) use async_io::AsyncIo;
pub(crate) use dormouse::Dormouse;
pub(crate) use tokio::Tokio;
// A peer that is not built in has an executor that does not start, so its sockets are never opened.
#[cfg(feature = "thread-per-core")]
pub(crate) use monoio::Monoio;
#[cfg(not(feature = "thread-per-core"))]
pub(crate) use tokio::Tokio as Monoio;
#[cfg(not(feature = "extra-peers"))]
pub(crate) use tokio::{Tokio as Compio, Tokio as Zruntime};
#[cfg(feature = "extra-peers")]
pub(crate) use {compio::Compio, zruntime::Zruntime};

use std::future::Future;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};

/// The loopback address, with a port that the kernel chooses.
const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The sockets of one library. Called in the context of its executor.
pub(crate) trait NetPeer: 'static {
    type Listener: Send + Sync + 'static;
    type Stream: Send + 'static;
    type Udp: Send + Sync + 'static;

    fn listen() -> impl Future<Output = io::Result<(Self::Listener, SocketAddr)>> + Send;
    fn accept(listener: &Self::Listener) -> impl Future<Output = io::Result<Self::Stream>> + Send;

    fn connect(to: SocketAddr) -> impl Future<Output = io::Result<Self::Stream>> + Send;
    fn read(
        stream: &mut Self::Stream,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;
    fn write(
        stream: &mut Self::Stream,
        bytes: &[u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;

    fn bind_udp() -> impl Future<Output = io::Result<(Self::Udp, SocketAddr)>> + Send;
    fn connect_udp(
        socket: &Self::Udp,
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<()>> + Send;
    fn recv(
        socket: &mut Self::Udp,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<usize>> + Send;
    fn send(socket: &mut Self::Udp, bytes: &[u8])
    -> impl Future<Output = io::Result<usize>> + Send;
    fn recv_from(
        socket: &mut Self::Udp,
        buffer: &mut [u8],
    ) -> impl Future<Output = io::Result<(usize, SocketAddr)>> + Send;
    fn send_to(
        socket: &mut Self::Udp,
        bytes: &[u8],
        to: SocketAddr,
    ) -> impl Future<Output = io::Result<usize>> + Send;
}
