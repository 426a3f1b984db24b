//! Connecting without blocking.
//!
//! # Invariants
//! - A socket is registered with a reactor after connect(2), never before. The kernel reports an unconnected
//!   socket as hung up, and tokio's reactor never clears that.
//! - The future that waits owns the socket. Dropping the future closes the socket.

use super::addr::ToSocketAddrs;
use super::error::{no_addresses, with_context};
use super::{TcpStream, sys};
use crate::coop::cooperative;
use crate::io::{AsyncFd, Interest, Mode};
use crate::time::RetryPauses;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{SocketType, sockopt::socket_type};
use std::future::Future;
use std::io;
use std::net::{self, SocketAddr};

/// Calls `attempt` for each address in turn until one succeeds, and returns its result or the last error. `action` is
/// the start of the errors' messages, such as "cannot connect".
pub(super) async fn each_address<R, F: Future<Output = io::Result<R>>>(
    addrs: impl ToSocketAddrs,
    action: &'static str,
    mut attempt: impl FnMut(SocketAddr) -> F,
) -> io::Result<R> {
    let addresses = addrs.resolve().map_err(|err| with_context(err, format_args!("{action}")))?;
    let mut result = Err(no_addresses(action));
    for address in addresses {
        result = attempt(address).await;
        if result.is_ok() {
            break;
        }
    }
    result
}

/// Connects to one address. The error names it.
pub(super) async fn connect_tcp(address: SocketAddr) -> io::Result<TcpStream> {
    let connect = async {
        check_port(address)?;
        // Spends budget, because over loopback the handshake completes, or fails, at once.
        let stream = cooperative(async { mio::net::TcpStream::connect(address) }).await?;
        finish_connect(stream.into(), Mode::NonBlocking).await
    };
    connect.await.map_err(|err| cannot_connect(err, address))
}

/// Waits until a connect that has begun is complete. Returns the system's error unchanged.
pub(super) async fn finish_connect(stream: net::TcpStream, mode: Mode) -> io::Result<TcpStream> {
    match connect_result(&stream) {
        Ok(()) => AsyncFd::connected(stream, mode).map(TcpStream::from),
        Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
            let stream = AsyncFd::connecting(stream, mode)?;
            stream.async_io_after_wait(Interest::WRITABLE, connect_result).await?;
            Ok(stream.into())
        }
        Err(err) => Err(err),
    }
}

/// Connects a prepared socket, which is non-blocking. Returns the system's error unchanged.
pub(super) async fn connect_socket(
    socket: socket2::Socket,
    mode: Mode,
    address: SocketAddr,
) -> io::Result<TcpStream> {
    check_port(address)?;
    match cooperative(async { socket.connect(&address.into()) }).await {
        Err(err) if err.raw_os_error() != Some(Errno::INPROGRESS.raw_os_error()) => Err(err),
        _ => finish_connect(socket.into(), mode).await,
    }
}

/// [`finish_connect`] for a socket of the caller, on which connect(2) may not have been called.
pub(super) async fn check_and_finish_connect(stream: net::TcpStream) -> io::Result<TcpStream> {
    check_begun(&stream)?;
    finish_connect(stream, Mode::Unknown).await
}

/// A wait for a socket on which connect(2) has not been called would not end. Linux reports it as hung up, unless it
/// listens or is a datagram socket; other systems do not distinguish it from one that connects.
fn check_begun(stream: &net::TcpStream) -> io::Result<()> {
    if socket_type(stream)? != SocketType::STREAM || sys::is_listening(stream)? {
        let message = "the socket listens, or is not a stream socket";
        return Err(io::Error::new(io::ErrorKind::InvalidInput, message));
    }
    let mut fds = [PollFd::new(stream, PollFlags::empty())];
    // A signal interrupts it even with this timeout.
    retry_on_intr(|| poll(&mut fds, Some(&Timespec::default())))?;
    if fds[0].revents().contains(PollFlags::HUP) {
        // A connect that has failed is reported as hung up too.
        connect_result(stream).map_err(|err| match err.kind() {
            io::ErrorKind::WouldBlock => {
                io::Error::new(io::ErrorKind::NotConnected, "connect(2) has not been called")
            }
            _ => err,
        })?;
    }
    Ok(())
}

/// The result of connect(2); `WouldBlock` while it is in progress.
fn connect_result(stream: &net::TcpStream) -> io::Result<()> {
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

/// Port 0 stands for any free port in `bind`. As a destination, systems report it in different ways, or not at all.
pub(super) fn check_port(address: SocketAddr) -> io::Result<()> {
    if address.port() == 0 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "port 0 is not a destination"));
    }
    Ok(())
}

pub(super) fn cannot_connect(err: io::Error, address: SocketAddr) -> io::Error {
    with_context(err, format_args!("cannot connect to {address}"))
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

#[cfg(all(test, target_os = "linux", not(any(loom, dormouse_portable))))]
mod tests {
    use super::*;
    use std::os::fd::OwnedFd;

    /// The error for an fd that is no TCP socket on which connect(2) has been called.
    fn finish_error(fd: impl Into<OwnedFd>) -> io::ErrorKind {
        let finish = TcpStream::finish_connect(net::TcpStream::from(fd.into()));
        let limit = std::time::Duration::from_secs(10);
        crate::block_on(crate::timeout(limit, finish)).expect("does not wait").unwrap_err().kind()
    }

    #[test]
    fn a_connect_that_was_not_begun_is_an_error_and_no_endless_wait() {
        let any = (net::Ipv4Addr::LOCALHOST, 0);
        let listener = net::TcpListener::bind(any).unwrap();
        assert_eq!(finish_error(listener.try_clone().unwrap()), io::ErrorKind::InvalidInput);
        let address = listener.local_addr().unwrap();
        let udp = net::UdpSocket::bind(any).unwrap();
        assert_eq!(finish_error(udp.try_clone().unwrap()), io::ErrorKind::InvalidInput);
        udp.connect(address).unwrap();
        assert_eq!(finish_error(udp), io::ErrorKind::InvalidInput);
    }
}
