//! Connecting without blocking.
//!
//! # Invariants
//! - A socket is handed to a reactor after connect(2), never before: one that is not connected yet
//!   counts as hung up, which tokio's reactor would never forget.
//! - A socket that waits is owned by the future that waits. Dropped, it closes.

use crate::io::{AsyncFd, Interest};
use crate::time::sleep;
use std::io;
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

const FIRST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_millis(32);

/// Connects to one address. Errors are the system's.
pub(super) async fn tcp(addr: SocketAddr) -> io::Result<AsyncFd<TcpStream>> {
    let stream = TcpStream::from(mio::net::TcpStream::connect(addr)?);
    match outcome(&stream) {
        // Over loopback the peer has answered by now, and there is nothing to wait for.
        Ok(()) => AsyncFd::new(stream),
        Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
            let stream = AsyncFd::new(stream)?;
            stream.async_io(Interest::WRITABLE, outcome).await?;
            Ok(stream)
        }
        Err(err) => Err(err),
    }
}

/// What has become of an attempt; `WouldBlock` while it goes on.
fn outcome(stream: &TcpStream) -> io::Result<()> {
    if let Some(err) = stream.take_error()? {
        return Err(err);
    }
    // Writable and without an error does not mean connected: a wake-up may be spurious.
    match stream.peer_addr() {
        Ok(_) => Ok(()),
        Err(err) if err.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(err) => Err(err),
    }
}

/// Does an operation on a Unix socket whose peer may have no room, and tries again until it has.
///
/// There is no event to wait for. Linux says EAGAIN if a listener's backlog is full, and the socket is as
/// unconnected as before. If the queue of a datagram socket is full to which the sender is not
/// connected, it reports the sender as writable after each try: to believe it is a busy loop.
pub(super) async fn until_there_is_room<R>(mut f: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    let mut pause = FIRST_PAUSE;
    loop {
        match f() {
            Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
            done => return done,
        }
        sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}
