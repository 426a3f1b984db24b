//! Connecting without blocking.
//!
//! # Invariants
//! - A socket is registered with a reactor after connect(2), never before. The kernel reports an unconnected
//!   socket as hung up, and tokio's reactor never clears that.
//! - The future that waits owns the socket. Dropping the future closes the socket.

#[cfg_attr(unix, path = "connect/unix.rs")]
#[cfg_attr(windows, path = "connect/windows.rs")]
mod sys;

use super::TcpStream;
use super::addr::{ToSocketAddrs, resolve_for};
use super::error::{no_addresses, with_context};
use crate::coop::cooperative;
use crate::io::{AsyncFd, Interest, Mode};
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
    let addresses = resolve_for(action, addrs.parse_addrs()).await?;
    let mut result = None;
    for address in addresses {
        let attempted = attempt(address).await;
        if attempted.is_ok() {
            return attempted;
        }
        result = Some(attempted);
    }
    result.unwrap_or_else(|| Err(no_addresses(action)))
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
        Ok(()) => {
            let interest = super::sys::tcp_interest(&stream);
            AsyncFd::connected(stream, interest, mode).map(TcpStream::from)
        }
        Err(err) if err.kind() == io::ErrorKind::WouldBlock => {
            let interest = super::sys::tcp_interest(&stream);
            let stream = AsyncFd::connecting(stream, interest, mode)?;
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
        Err(err) if !sys::is_in_progress(&err) => Err(err),
        _ => finish_connect(socket.into(), mode).await,
    }
}

/// [`finish_connect`] for a socket of the caller, on which connect(2) may not have been called.
pub(super) async fn check_and_finish_connect(stream: net::TcpStream) -> io::Result<TcpStream> {
    sys::check_begun(&stream)?;
    finish_connect(stream, Mode::Unknown).await
}

/// The result of connect(2); `WouldBlock` while it is in progress.
fn connect_result(stream: &net::TcpStream) -> io::Result<()> {
    // First, because over loopback a connection is often established at once. And a writable socket without an error may
    // still be connecting: the wake-up may be spurious.
    let Err(err) = stream.peer_addr() else { return Ok(()) };
    match stream.take_error()? {
        Some(err) => Err(err),
        None if err.kind() == io::ErrorKind::NotConnected => Err(io::ErrorKind::WouldBlock.into()),
        None => Err(err),
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
