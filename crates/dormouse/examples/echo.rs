//! A TCP echo server and its clients, on one thread and without an executor.
//!
//! `dormouse::block_on` runs one future. The combinators of the `futures` crate combine many futures
//! into one. `serve` also runs on tokio or smol, without a change.
//!
//! Run it with `cargo run -p dormouse --example echo`. It connects to itself over loopback and then exits.

use dormouse::net::{TcpListener, TcpStream};
use dormouse::{sleep, timeout};
use futures::channel::oneshot;
use futures::future::{FusedFuture, FutureExt, try_join_all};
use futures::stream::{FuturesUnordered, StreamExt};
use futures::{join, select};
use std::io;
use std::net::{Ipv4Addr, Shutdown, SocketAddr};
use std::pin::pin;
use std::time::Duration;

/// A client that sends nothing for this long is disconnected.
const IDLE_TIMEOUT: Duration = Duration::from_secs(5);
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// How long the connected clients may take to finish after `stop`.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// Accepts and serves clients until `stop` completes, then lets the connected clients finish.
async fn serve(
    listener: TcpListener,
    mut stop: impl FusedFuture<Output = ()> + Unpin,
) -> io::Result<()> {
    let mut sessions = FuturesUnordered::new();
    loop {
        // `accept` is dropped and called again in each iteration. It is cancel safe: no connection is lost.
        select! {
            (stream, peer) = pin!(accept(&listener).fuse()) => {
                sessions.push(echo(stream).map(move |outcome| report(peer, outcome)));
            }
            () = sessions.select_next_some() => {}
            () = stop => break,
        }
    }
    drop(listener);
    timeout(SHUTDOWN_TIMEOUT, sessions.collect::<()>()).await?;
    Ok(())
}

/// The next client. An error does not end the server: the client has disconnected, or no fd is free. In the second case
/// `accept` fails until a client leaves, so a pause keeps this from spinning.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(err) => println!("server: {err}"),
        }
        sleep(ACCEPT_PAUSE).await;
    }
}

/// Sends back all data that it receives, and returns the number of bytes.
async fn echo(stream: TcpStream) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    let mut echoed = 0;
    loop {
        let read = timeout(IDLE_TIMEOUT, stream.read(&mut buffer)).await??;
        if read == 0 {
            return Ok(echoed);
        }
        stream.write_all(&buffer[..read]).await?;
        echoed += read;
    }
}

fn report(peer: SocketAddr, outcome: io::Result<usize>) {
    match outcome {
        Ok(echoed) => {
            println!("server: client on port {} done, {echoed} bytes echoed", peer.port())
        }
        Err(err) => println!("server: client on port {} failed: {err}", peer.port()),
    }
}

/// Sends a few words with pauses in between, and prints their echoes.
async fn client(server: SocketAddr, name: &str) -> io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    for word in ["sleeps", "through", "the", "winter"] {
        let sent = format!("the {name} {word}");
        stream.write_all(sent.as_bytes()).await?;
        let mut received = vec![0; sent.len()];
        stream.read_exact(&mut received).await?;
        println!("client: {}", String::from_utf8_lossy(&received));
        sleep(Duration::from_millis(20)).await;
    }
    stream.as_ref().shutdown(Shutdown::Write)
}

fn main() -> io::Result<()> {
    let listener = dormouse::block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();

    dormouse::block_on(async {
        let clients = async {
            let all =
                try_join_all(["dormouse", "bat", "hedgehog"].map(|name| client(address, name)));
            let outcome = all.await;
            drop(stop); // also if a client has failed, so that the server stops in any case
            outcome
        };
        let (served, clients) = join!(serve(listener, stopped.map(drop).fuse()), clients);
        served.and(clients.map(drop))
    })
}
