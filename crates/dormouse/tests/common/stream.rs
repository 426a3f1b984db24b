//! A pair of connected sockets on the builtin reactor, and the exchange of single bytes over them.

use super::BOTH;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;

pub fn pair() -> (AsyncFd<UnixStream>, AsyncFd<UnixStream>) {
    let (a, b) = UnixStream::pair().unwrap();
    let wrap = |end| AsyncFd::new_on(&Reactor::builtin(), end, BOTH).unwrap();
    (wrap(a), wrap(b))
}

pub async fn send(stream: &AsyncFd<UnixStream>) {
    stream.async_io(Interest::WRITABLE, |mut fd| fd.write_all(&[1])).await.unwrap();
}

pub async fn receive(stream: &AsyncFd<UnixStream>) {
    stream.async_io(Interest::READABLE, |mut fd| fd.read_exact(&mut [0])).await.unwrap();
}

/// Sends a byte back and forth, with both ends in one future.
pub async fn ping_pong(rounds: usize) {
    let (a, b) = pair();
    let ping = async {
        for _ in 0..rounds {
            send(&a).await;
            receive(&a).await;
        }
    };
    let pong = async {
        for _ in 0..rounds {
            receive(&b).await;
            send(&b).await;
        }
    };
    futures::join!(ping, pong);
}
