//! A pair of connected sockets on the builtin reactor, and the exchange of single bytes over them.

use super::BOTH;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use std::io::{Read, Write};
#[cfg(windows)]
pub use std::net::TcpStream as Stream;
#[cfg(unix)]
pub use std::os::unix::net::UnixStream as Stream;

/// Two streams of std that are connected to each other.
#[cfg(unix)]
pub fn std_pair() -> (Stream, Stream) {
    Stream::pair().unwrap()
}

/// Two streams of std that are connected to each other.
#[cfg(windows)]
pub fn std_pair() -> (Stream, Stream) {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let local = Stream::connect(listener.local_addr().unwrap()).unwrap();
    local.set_nodelay(true).unwrap();
    let (peer, _) = listener.accept().unwrap();
    peer.set_nodelay(true).unwrap();
    (local, peer)
}

pub fn pair() -> (AsyncFd<Stream>, AsyncFd<Stream>) {
    let (a, b) = std_pair();
    let wrap = |end| AsyncFd::new_on(&Reactor::builtin(), end, BOTH).unwrap();
    (wrap(a), wrap(b))
}

pub async fn send(stream: &AsyncFd<Stream>) {
    stream.async_io(Interest::WRITABLE, |mut fd| fd.write_all(&[1])).await.unwrap();
}

pub async fn receive(stream: &AsyncFd<Stream>) {
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
