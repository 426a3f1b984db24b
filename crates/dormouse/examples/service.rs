//! A server that ends on ctrl-c or `SIGTERM`: it accepts no more connections, and waits up to five seconds for those that
//! it has.
//!
//! `serve` does not depend on an executor. The program serves a client on each of three executors, and sends itself
//! `SIGTERM`.
//!
//! Run it with `cargo run -p dormouse --features signal,smol,task --example service`. Without the feature `smol`, or with
//! `--no-default-features` and so without `tokio`, that executor is skipped. With `-- wait` at the end, it waits for clients
//! and for ctrl-c. On Windows, that is all that it does.

use dormouse::net::{TcpListener, TcpStream};
use dormouse::task::{JoinError, JoinSet};
use dormouse::timeout;
use futures::{FutureExt, select};
use std::future::Future;
use std::io;
use std::pin::pin;
use std::time::Duration;

/// Completes on ctrl-c or `SIGTERM`. From this call on, neither ends the program by itself.
#[cfg(unix)]
fn stop() -> io::Result<impl Future<Output = io::Result<()>>> {
    use dormouse::signal::unix::{SignalKind, signal};

    let mut interrupts = signal(SignalKind::interrupt())?;
    let mut terminations = signal(SignalKind::terminate())?;
    Ok(async move {
        select! {
            _ = pin!(interrupts.recv().fuse()) => {}
            _ = pin!(terminations.recv().fuse()) => {}
        }
        Ok(())
    })
}

/// Completes on ctrl-c. From the first poll on, it does not end the program by itself.
#[cfg(not(unix))]
fn stop() -> io::Result<impl Future<Output = io::Result<()>>> {
    Ok(dormouse::signal::ctrl_c())
}

async fn serve(listener: std::net::TcpListener) -> io::Result<()> {
    let mut stop = pin!(stop()?.fuse());
    let listener = TcpListener::from_std(listener)?;
    let mut connections = JoinSet::new();
    loop {
        // An `accept` that is dropped loses no connection, so each round can begin with a new one.
        select! {
            accepted = pin!(listener.accept().fuse()) => {
                let (stream, _peer) = accepted?;
                connections.spawn(echo(stream));
            }
            stopped = stop => break stopped?,
        }
        while let Some(served) = connections.try_join_next() {
            report(served);
        }
    }
    drop(listener);

    println!("connections to wait for: {}", connections.len());
    let all_end = async {
        while let Some(served) = connections.join_next().await {
            report(served);
        }
    };
    if timeout(Duration::from_secs(5), all_end).await.is_err() {
        // Aborts the tasks that are left, and waits until they have been dropped.
        connections.shutdown().await;
    }
    println!("goodbye");
    Ok(())
}

async fn echo(stream: TcpStream) -> io::Result<()> {
    let mut buffer = [0; 1024];
    loop {
        let len = stream.read(&mut buffer).await?;
        if len == 0 {
            return Ok(());
        }
        stream.write_all(&buffer[..len]).await?;
    }
}

/// A task that has panicked is an error too.
fn report(served: Result<io::Result<()>, JoinError>) {
    if let Err(err) = served.unwrap_or_else(|err| Err(err.into())) {
        eprintln!("a connection has failed: {err}");
    }
}

/// Runs the server, and a client that sends `SIGTERM` to this process while it is connected.
#[cfg(unix)]
fn with_client(
    executor: &str,
    run: impl FnOnce(std::net::TcpListener) -> io::Result<()>,
) -> io::Result<()> {
    use rustix::process::{Signal, getpid, kill_process};
    use std::io::{Read, Write};

    println!("on {executor}:");
    let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
    let mut client = std::net::TcpStream::connect(listener.local_addr()?)?;
    let client = std::thread::spawn(move || {
        client.write_all(b"hello")?;
        let mut answer = [0; 5];
        client.read_exact(&mut answer)?;
        kill_process(getpid(), Signal::TERM)?;
        // The server goes on to serve this connection.
        client.write_all(b"again")?;
        client.read_exact(&mut answer)?;
        assert_eq!(&answer, b"again");
        io::Result::Ok(())
    });
    run(listener)?;
    client.join().expect("no panic")
}

fn main() -> io::Result<()> {
    if std::env::args().any(|argument| argument == "wait") {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        println!("listening on {}, in the process {}", listener.local_addr()?, std::process::id());
        return dormouse::block_on(serve(listener));
    }
    #[cfg(unix)]
    {
        with_client("dormouse::block_on", |listener| dormouse::block_on(serve(listener)))?;
        #[cfg(feature = "tokio")]
        with_client("tokio", |listener| tokio::runtime::Runtime::new()?.block_on(serve(listener)))?;
        #[cfg(feature = "smol")]
        with_client("smol", |listener| smol::block_on(serve(listener)))?;
    }
    Ok(())
}
