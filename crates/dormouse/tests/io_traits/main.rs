//! The I/O traits of futures and tokio for `AsyncFd` and its halves, on every reactor.
#![cfg(all(feature = "futures-io", unix))]

#[path = "../common/mod.rs"]
mod common;

mod end_of_file;
mod futures_traits;
mod halves;
mod retry;
#[cfg(feature = "tokio-io")]
mod tokio_traits;

use dormouse::io::{AsyncFd, Interest};
use std::fs::File;
use std::io::Write;
use std::net::{TcpListener, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

const MEBIBYTE: usize = 1 << 20;

fn pair() -> (AsyncFd<UnixStream>, AsyncFd<UnixStream>) {
    let (local, peer) = UnixStream::pair().unwrap();
    (AsyncFd::new(local).unwrap(), AsyncFd::new(peer).unwrap())
}

fn tcp_pair() -> (AsyncFd<TcpStream>, AsyncFd<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let local = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (peer, _) = listener.accept().unwrap();
    (AsyncFd::new(local).unwrap(), AsyncFd::new(peer).unwrap())
}

fn pipe() -> (AsyncFd<File>, AsyncFd<File>) {
    let (reader, writer) = rustix::pipe::pipe().unwrap();
    let wrap = |fd: OwnedFd, interest| AsyncFd::with_interest(File::from(fd), interest).unwrap();
    (wrap(reader, Interest::READABLE), wrap(writer, Interest::WRITABLE))
}

/// A mebibyte in which the order of the bytes can be checked.
fn pattern() -> Vec<u8> {
    (0..MEBIBYTE as u32).map(|i| (i ^ i >> 8 ^ i >> 16) as u8).collect()
}

/// Writes until it would block.
fn fill(fd: &AsyncFd<UnixStream>) {
    while fd.get_ref().write(&[0; 4096]).is_ok() {}
}
