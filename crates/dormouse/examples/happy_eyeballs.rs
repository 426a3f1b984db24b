//! Connects to the address of a host that accepts first, by "Happy Eyeballs" (RFC 8305).
//!
//! Run it with `cargo run -p dormouse --example happy_eyeballs`: it connects to itself. With `-- example.org:443` at the end
//! it connects there.

use dormouse::net::{HappyEyeballs, TcpListener, TcpStream};
use dormouse::timeout;
use futures::channel::oneshot;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
use std::time::Duration;

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

async fn connect(host: String) -> io::Result<TcpStream> {
    let addresses = resolve(host).await?;
    HappyEyeballs::new().connect(&addresses[..]).await
}

async fn run() -> io::Result<()> {
    // Listens on IPv4 only. The first address of `localhost` may be an IPv6 address, which refuses.
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let port = listener.local_addr()?.port();
    let host = std::env::args().nth(1).unwrap_or(format!("localhost:{port}"));
    let stream = timeout(CONNECT_TIMEOUT, connect(host)).await??;
    println!("connected to {}", stream.peer_addr()?);
    Ok(())
}

fn main() -> io::Result<()> {
    dormouse::block_on(run())
}
