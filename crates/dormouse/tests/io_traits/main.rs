//! The I/O traits of futures and tokio for `AsyncFd` and its halves, on every reactor.
#![cfg(feature = "futures-io")]

#[path = "../common/mod.rs"]
mod common;

#[cfg(unix)]
mod end_of_file;
mod futures_traits;
mod halves;
#[cfg(unix)]
mod pipes;
mod retry;
#[cfg(feature = "tokio-io")]
mod tokio_traits;

use common::stream::{Stream, std_pair};
use dormouse::io::AsyncFd;
use std::net::{TcpListener, TcpStream};

const MEBIBYTE: usize = 1 << 20;

fn pair() -> (AsyncFd<Stream>, AsyncFd<Stream>) {
    let (local, peer) = std_pair();
    (AsyncFd::new(local).unwrap(), AsyncFd::new(peer).unwrap())
}

fn tcp_pair() -> (AsyncFd<TcpStream>, AsyncFd<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    (AsyncFd::new(local).unwrap(), AsyncFd::new(peer).unwrap())
}

/// A mebibyte in which the order of the bytes can be checked.
fn pattern() -> Vec<u8> {
    (0..MEBIBYTE as u32).map(|i| (i ^ i >> 8 ^ i >> 16) as u8).collect()
}
