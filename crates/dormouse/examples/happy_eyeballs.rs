//! Connects to the address of a host that accepts first: a simplified "Happy Eyeballs" (RFC 8305).
//!
//! The attempts run concurrently. Each starts 250 ms after the previous one, or earlier if an attempt fails. So
//! an address that does not respond costs 250 ms, not a timeout of minutes. When an attempt succeeds, the
//! others are dropped, which closes their sockets.
//!
//! Run it with `cargo run --example happy_eyeballs [host:port]`. Without a host it connects to itself.

use dormouse::net::{TcpListener, TcpStream};
use dormouse::timeout;
use futures::channel::oneshot;
use futures::stream::{FuturesUnordered, StreamExt};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// The delay between the starts of two attempts.
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);
/// The limit for all attempts, with the name resolution.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Resolves a name on another thread, because the resolver of std blocks.
async fn resolve(host: String) -> io::Result<Vec<SocketAddr>> {
    let (sender, resolved) = oneshot::channel();
    std::thread::Builder::new().spawn(move || {
        let _ = sender.send(host.to_socket_addrs().map(Iterator::collect));
    })?;
    resolved.await.map_err(io::Error::other)?
}

/// Alternates the addresses of the two families, beginning with the family of the first address.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else { return addresses };
    let (preferred, other): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first);
    let mut ranked: Vec<_> = preferred.into_iter().enumerate().map(|(i, a)| (2 * i, a)).collect();
    ranked.extend(other.into_iter().enumerate().map(|(i, a)| (2 * i + 1, a)));
    ranked.sort_by_key(|(rank, _)| *rank);
    ranked.into_iter().map(|(_, address)| address).collect()
}

/// Returns the connection of the first attempt that succeeds, or the last error.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut untried = interleave(addresses).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut last_error = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        match untried.next() {
            Some(address) => attempts.push(TcpStream::connect(address)),
            None if attempts.is_empty() => return Err(last_error),
            None => {}
        }
        // No attempt follows the last one, so its wait has no limit.
        let delay = if untried.len() > 0 { ATTEMPT_DELAY } else { Duration::MAX };
        match timeout(delay, attempts.select_next_some()).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(err)) => {
                println!("{err}");
                last_error = err;
            }
            Err(_elapsed) => {}
        }
    }
}

async fn connect(host: String) -> io::Result<TcpStream> {
    let connected = timeout(CONNECT_TIMEOUT, async { race(resolve(host).await?).await });
    connected.await?
}

fn main() -> io::Result<()> {
    // Listens on IPv4 only. The first address of `localhost` may be an IPv6 address, which refuses.
    let listener = dormouse::block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let port = listener.local_addr()?.port();
    let host = std::env::args().nth(1).unwrap_or(format!("localhost:{port}"));
    let stream = dormouse::block_on(connect(host))?;
    println!("connected to {}", stream.peer_addr()?);
    Ok(())
}
