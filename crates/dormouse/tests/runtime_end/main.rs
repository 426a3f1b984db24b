//! An fd outlives the tokio runtime that watches it: its waits are woken, and the next poll registers it with the next
//! reactor.
#![cfg(all(feature = "tokio", unix))]

mod afterwards;
#[path = "../common/mod.rs"]
mod common;
mod pending;

use common::{LIMIT, current_thread, multi_thread, strict_timeout};
use dormouse::io::{AsyncFd, Interest};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use tokio::runtime::Runtime;

const FLAVORS: [fn() -> Runtime; 2] = [current_thread, multi_thread];

fn both() -> Interest {
    Interest::READABLE | Interest::WRITABLE
}

/// An `AsyncFd` on the reactor of a runtime, and its peer.
fn pair_on(runtime: &Runtime) -> (AsyncFd<UnixStream>, UnixStream) {
    let (local, peer) = UnixStream::pair().unwrap();
    let local = runtime.block_on(async { AsyncFd::new(local).unwrap() });
    assert_eq!(local.reactor().name(), "tokio");
    (local, peer)
}

async fn read(fd: &AsyncFd<UnixStream>) -> io::Result<usize> {
    let read = fd.async_io(Interest::READABLE, |mut fd| fd.read(&mut [0; 16]));
    strict_timeout(LIMIT, read).await.expect("an event was lost")
}

fn fill(fd: &AsyncFd<UnixStream>) {
    while fd.get_ref().write(&[0; 4096]).is_ok() {}
}

fn drain(mut peer: &UnixStream) {
    peer.set_nonblocking(true).unwrap();
    while peer.read(&mut [0; 4096]).is_ok() {}
    peer.set_nonblocking(false).unwrap();
}
