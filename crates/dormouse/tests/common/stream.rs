//! A pair of connected sockets: Unix sockets, on Windows TCP. The exchange of single bytes over them, on the builtin reactor.

use super::BOTH;
use dormouse::io::{AsyncFd, Interest};
use dormouse::reactor::Reactor;
use std::io::{Read, Write};
#[cfg(windows)]
pub use std::net::TcpStream as Stream;
#[cfg(unix)]
pub use std::os::unix::net::UnixStream as Stream;
use std::time::Duration;

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
    let (peer, _) = listener.accept().unwrap();
    for stream in [&local, &peer] {
        stream.set_nodelay(true).unwrap();
        // Room for as much as in a Unix socket, and not for megabytes: tests fill it.
        socket2::SockRef::from(stream).set_send_buffer_size(32 << 10).unwrap();
        socket2::SockRef::from(stream).set_recv_buffer_size(32 << 10).unwrap();
    }
    (local, peer)
}

/// Implements `AsFd`, on Windows `AsSocket`, for a type, by that of one of its fields.
#[macro_export]
macro_rules! impl_as_source {
    ($Type:ty, $field:tt) => {
        #[cfg(unix)]
        impl std::os::fd::AsFd for $Type {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                std::os::fd::AsFd::as_fd(&self.$field)
            }
        }

        #[cfg(windows)]
        impl std::os::windows::io::AsSocket for $Type {
            fn as_socket(&self) -> std::os::windows::io::BorrowedSocket<'_> {
                std::os::windows::io::AsSocket::as_socket(&self.$field)
            }
        }
    };
}

/// How long a stream without room stays so. A TCP socket gets room when its peer acknowledges bytes, up to 40 ms later.
pub const STAYS_FULL: Duration = Duration::from_millis(if cfg!(windows) { 100 } else { 5 });

/// Writes until there is no room.
pub fn fill(stream: &AsyncFd<Stream>) {
    while stream.get_ref().write(&[0; 4096]).is_ok() {
        while stream.get_ref().write(&[0; 4096]).is_ok() {}
        std::thread::sleep(STAYS_FULL);
    }
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
