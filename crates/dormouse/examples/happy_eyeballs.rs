//! Connects to a host by name, to whichever of its addresses answers first: "Happy Eyeballs", RFC 8305
//! in short.
//!
//! The addresses are tried one after the other, each with a small lead over the next, and not waited for:
//! one that does not answer costs the lead, not a timeout of minutes. When one is connected, the other
//! attempts are dropped, which closes their sockets.
//!
//! Run it with `cargo run --example happy_eyeballs [host:port]`. Without a name it connects to itself.

use dormouse::net::{TcpListener, TcpStream};
use dormouse::timeout;
use futures::channel::oneshot;
use futures::stream::{FuturesUnordered, StreamExt};
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

/// How long an attempt goes on alone.
const LEAD: Duration = Duration::from_millis(250);
/// How long it may take in all.
const LIMIT: Duration = Duration::from_secs(10);

/// std's resolver blocks, and so it has a thread to itself.
async fn resolve(host: String) -> io::Result<Vec<SocketAddr>> {
    let (answer, answered) = oneshot::channel();
    std::thread::Builder::new().spawn(move || {
        let _ = answer.send(host.to_socket_addrs().map(Iterator::collect));
    })?;
    answered.await.map_err(io::Error::other)?
}

/// The addresses of the two families in turn, beginning with that of the first.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let Some(first) = addresses.first().map(SocketAddr::is_ipv4) else { return addresses };
    let (ones, others): (Vec<_>, Vec<_>) =
        addresses.into_iter().partition(|address| address.is_ipv4() == first);
    let mut turns: Vec<_> = ones.into_iter().enumerate().map(|(i, a)| (2 * i, a)).collect();
    turns.extend(others.into_iter().enumerate().map(|(i, a)| (2 * i + 1, a)));
    turns.sort_by_key(|(turn, _)| *turn);
    turns.into_iter().map(|(_, address)| address).collect()
}

/// The first connection that comes about.
async fn race(addresses: Vec<SocketAddr>) -> io::Result<TcpStream> {
    let mut waiting = interleave(addresses).into_iter();
    let mut attempts = FuturesUnordered::new();
    let mut failed = io::Error::new(io::ErrorKind::NotFound, "the host has no address");
    loop {
        match waiting.next() {
            Some(address) => attempts.push(TcpStream::connect(address)),
            None if attempts.is_empty() => return Err(failed),
            None => {}
        }
        // The lead of the newest, or for ever if there is no next one.
        let lead = if waiting.len() > 0 { LEAD } else { Duration::MAX };
        match timeout(lead, attempts.select_next_some()).await {
            Ok(Ok(stream)) => return Ok(stream),
            Ok(Err(err)) => {
                println!("{err}");
                failed = err;
            }
            Err(_elapsed) => {}
        }
    }
}

async fn connect(host: String) -> io::Result<TcpStream> {
    let connected = timeout(LIMIT, async { race(resolve(host).await?).await });
    connected.await?
}

fn main() -> io::Result<()> {
    // On IPv4 alone; the name may stand for an IPv6 address first.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = listener.get_ref().local_addr()?.port();
    let host = std::env::args().nth(1).unwrap_or(format!("localhost:{port}"));
    let stream = dormouse::block_on(connect(host))?;
    println!("connected to {}", stream.get_ref().peer_addr()?);
    Ok(())
}
