//! A TCP echo server and its clients, on one thread and no executor.
//!
//! `dormouse::block_on` runs one future; the combinators of the `futures` crate make one of
//! many. The same `serve` runs on tokio or smol as it is.
//!
//! Run it with `cargo run --example echo`. It talks to itself over loopback, then ends.

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

/// A client that says nothing for so long is cut off.
const IDLE: Duration = Duration::from_secs(5);
/// How long the clients that are there may take to finish, once the server is told to stop.
const GRACE: Duration = Duration::from_secs(1);

/// Serves all who connect, until `stop`; then lets those who are there finish.
async fn serve(
    listener: TcpListener,
    mut stop: impl FusedFuture<Output = ()> + Unpin,
) -> io::Result<()> {
    let mut sessions = FuturesUnordered::new();
    loop {
        // Begun anew each time around: a wait that is dropped loses nothing.
        select! {
            accepted = pin!(listener.accept().fuse()) => {
                let (stream, peer) = accepted?;
                sessions.push(echo(stream).map(move |outcome| report(peer, outcome)));
            }
            () = sessions.select_next_some() => {}
            () = stop => break,
        }
    }
    drop(listener);
    timeout(GRACE, sessions.collect::<()>()).await?;
    Ok(())
}

/// Sends back what comes in, and returns how many bytes that was.
async fn echo(stream: TcpStream) -> io::Result<usize> {
    let mut buffer = [0; 4096];
    let mut echoed = 0;
    loop {
        let read = timeout(IDLE, stream.read(&mut buffer)).await??;
        if read == 0 {
            return Ok(echoed);
        }
        write_all(&stream, &buffer[..read]).await?;
        echoed += read;
    }
}

fn report(peer: SocketAddr, outcome: io::Result<usize>) {
    match outcome {
        Ok(echoed) => println!("server: port {} is done, {echoed} bytes", peer.port()),
        Err(err) => println!("server: port {} failed: {err}", peer.port()),
    }
}

/// Says a few words, a little apart, and checks that they come back.
async fn client(server: SocketAddr, name: &str) -> io::Result<()> {
    let stream = TcpStream::connect(server).await?;
    for word in ["sleeps", "through", "the", "winter"] {
        let said = format!("the {name} {word}");
        write_all(&stream, said.as_bytes()).await?;
        let mut heard = Vec::new();
        while heard.len() < said.len() {
            let mut buffer = [0; 64];
            match stream.read(&mut buffer).await? {
                0 => return Err(io::ErrorKind::UnexpectedEof.into()),
                read => heard.extend(&buffer[..read]),
            }
        }
        println!("client: {}", String::from_utf8_lossy(&heard));
        sleep(Duration::from_millis(20)).await;
    }
    stream.get_ref().shutdown(Shutdown::Write)
}

async fn write_all(stream: &TcpStream, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        bytes = &bytes[stream.write(bytes).await?..];
    }
    Ok(())
}

fn main() -> io::Result<()> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.get_ref().local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();

    dormouse::block_on(async {
        let clients = async {
            let all =
                try_join_all(["dormouse", "bat", "hedgehog"].map(|name| client(address, name)));
            let outcome = all.await;
            drop(stop); // also if one has failed, or the server would wait for ever
            outcome
        };
        let (served, talked) = join!(serve(listener, stopped.map(drop).fuse()), clients);
        served.and(talked.map(drop))
    })
}
