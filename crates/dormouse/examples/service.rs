//! A server that ends on ctrl-c or `SIGTERM`: it accepts no more connections, and waits up to five seconds for those that
//! it has.
//!
//! Run it with `cargo run --example service --features signal,task`, connect to it with `nc localhost PORT`, and press
//! ctrl-c. On Windows, it does nothing: there, `dormouse::signal::ctrl_c` is the only signal.

#[cfg(unix)]
mod service {
    use dormouse::net::{TcpListener, TcpStream};
    use dormouse::signal::unix::{SignalKind, signal};
    use dormouse::task::{JoinError, JoinSet};
    use dormouse::timeout;
    use futures::{FutureExt, select};
    use std::io;
    use std::pin::pin;
    use std::time::Duration;

    pub(crate) async fn run() -> io::Result<()> {
        // From here on, neither signal ends the program by itself.
        let mut interrupts = signal(SignalKind::interrupt())?;
        let mut terminations = signal(SignalKind::terminate())?;
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        println!("listening on {}, in the process {}", listener.local_addr()?, std::process::id());

        let mut connections = JoinSet::new();
        loop {
            // A `recv` or `accept` that is dropped loses nothing, so each round can begin with new ones.
            select! {
                accepted = pin!(listener.accept().fuse()) => {
                    let (stream, _peer) = accepted?;
                    connections.spawn(echo(stream));
                }
                _ = pin!(interrupts.recv().fuse()) => break,
                _ = pin!(terminations.recv().fuse()) => break,
            }
            while let Some(served) = connections.try_join_next() {
                report(served);
            }
        }

        println!("waiting for {} connections", connections.len());
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
            let mut rest = &buffer[..len];
            while !rest.is_empty() {
                rest = &rest[stream.write(rest).await?..];
            }
        }
    }

    /// A task that has panicked is an error too.
    fn report(served: Result<io::Result<()>, JoinError>) {
        if let Err(err) = served.unwrap_or_else(|err| Err(err.into())) {
            eprintln!("a connection has failed: {err}");
        }
    }
}

#[cfg(unix)]
fn main() -> std::io::Result<()> {
    // The same on each executor: `smol::block_on(service::run())`, or in `#[tokio::main]`.
    dormouse::block_on(service::run())
}

#[cfg(not(unix))]
fn main() {}
