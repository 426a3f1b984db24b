//! What W7 compares: file descriptors, on the executors of [`crate::peer`] and by the same names.
//!
//! Two things make a peer here, and every pair of them is a type of its own, so that no measurement pays
//! for dynamic dispatch: an [`Executor`], which runs futures, and an [`FdPeer`], which watches fds for
//! them. So two peers that differ in the watching alone share all else.

mod executor;
mod watched;

pub(crate) use executor::Executor;
pub(crate) use watched::Watched;

use crate::peer::{CurrentThread, Entry, MultiThread};
use crate::workload::fds::measure as with;
use crate::workload::{Case, Outcome};
use executor::{AsyncIoBlockOn, DormouseBlockOn, OnTokio, TwoThreads};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;

/// Who watches fds.
pub(crate) trait FdPeer: 'static {
    type Unix: Watched<UnixStream>;
    type Tcp: Watched<TcpStream>;
}

/// tokio's `AsyncFd`, as somebody uses it who brings an fd of their own.
struct TokioFd;

impl FdPeer for TokioFd {
    type Unix = tokio::io::unix::AsyncFd<UnixStream>;
    type Tcp = tokio::io::unix::AsyncFd<TcpStream>;
}

/// tokio's own sockets.
struct TokioNet;

impl FdPeer for TokioNet {
    type Unix = tokio::net::UnixStream;
    type Tcp = tokio::net::TcpStream;
}

struct AsyncIo;

impl FdPeer for AsyncIo {
    type Unix = async_io::Async<UnixStream>;
    type Tcp = async_io::Async<TcpStream>;
}

/// Its reactor is the one of the executor that it finds itself on.
struct Dormouse;

impl FdPeer for Dormouse {
    type Unix = dormouse::io::AsyncFd<UnixStream>;
    type Tcp = dormouse::io::AsyncFd<TcpStream>;
}

/// Runs a case of W7 with the peer of this row.
pub(crate) fn measure(entry: &Entry, case: &Case) -> Result<Outcome, String> {
    if !entry.build.is_this() {
        return Err("this build of dormouse has another reactor".into());
    }
    match entry.name {
        "tokio-ct" => with::<OnTokio<CurrentThread>, TokioFd>(case),
        "tokio-mt" => with::<OnTokio<MultiThread>, TokioFd>(case),
        "tokio-net" => with::<OnTokio<CurrentThread>, TokioNet>(case),
        "tokio-net-mt" => with::<OnTokio<MultiThread>, TokioNet>(case),
        "async-io" => with::<AsyncIoBlockOn, AsyncIo>(case),
        "smol-mt" => with::<TwoThreads, AsyncIo>(case),
        "dormouse-tokio" => with::<OnTokio<CurrentThread>, Dormouse>(case),
        "dormouse-tokio-mt" => with::<OnTokio<MultiThread>, Dormouse>(case),
        "dormouse-async-io" => with::<AsyncIoBlockOn, Dormouse>(case),
        "dormouse-smol-mt" => with::<TwoThreads, Dormouse>(case),
        "dormouse-builtin" => with::<DormouseBlockOn, Dormouse>(case),
        _ => Err("watches no fds of others".into()),
    }
}
