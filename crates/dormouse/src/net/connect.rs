//! Connecting without blocking.
//!
//! # Invariants
//! - A socket is registered with a reactor after connect(2), never before. The kernel reports an unconnected
//!   socket as hung up, and tokio's reactor never clears that.
//! - The future that waits owns the socket. Dropping the future closes the socket.

use crate::coop::cooperative;
use crate::io::{AsyncFd, Interest, Mode};
use crate::time::RetryPauses;
use std::io;
use std::net::{SocketAddr, TcpStream};

/// Connects to one address. Returns the system's error unchanged.
pub(super) async fn tcp(addr: SocketAddr) -> io::Result<AsyncFd<TcpStream>> {
    // Spends budget, because over loopback the handshake completes, or fails, at once.
    let stream = cooperative(async { mio::net::TcpStream::connect(addr) }).await?;
    let stream = TcpStream::from(stream);
    match connect_result(&stream) {
        Ok(()) => AsyncFd::connected(stream, Mode::NonBlocking),
        Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
            let stream = AsyncFd::created(stream, Mode::NonBlocking)?;
            stream.async_io(Interest::WRITABLE, connect_result).await?;
            Ok(stream)
        }
        Err(err) => Err(err),
    }
}

/// The result of connect(2); `WouldBlock` while it is in progress.
fn connect_result(stream: &TcpStream) -> io::Result<()> {
    if let Some(err) = stream.take_error()? {
        return Err(err);
    }
    // A writable socket without an error may still be connecting: the wake-up may be spurious.
    match stream.peer_addr() {
        Ok(_) => Ok(()),
        Err(err) if err.kind() == io::ErrorKind::NotConnected => {
            Err(io::ErrorKind::WouldBlock.into())
        }
        Err(err) => Err(err),
    }
}

/// Retries `f`, an operation on a Unix socket, while it returns `WouldBlock` because the peer has no room. Pauses
/// in real time between the attempts.
///
/// No event reports that the peer has room:
/// - If the backlog of a listener is full, connect(2) fails with `EAGAIN` on Linux, and the socket stays
///   unconnected.
/// - If the receive queue of a datagram socket is full, and the sender is not connected to it, Linux reports the
///   sender as writable after each attempt. Waiting for writability would be a busy loop. (An auxiliary socket that is
///   connected to the receiver would report room, but the path may name another receiver by then.)
pub(super) async fn retry_until_room<R>(mut f: impl FnMut() -> io::Result<R>) -> io::Result<R> {
    cooperative(async {
        let mut pauses = RetryPauses::new();
        loop {
            match f() {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                result => return result,
            }
            pauses.pause().await;
        }
    })
    .await
}
