//! An HTTP server that runs on every executor: one function, `serve`, on top of hyper.
//!
//! It has HTTP/1.1 and HTTP/2 on one port, a timeout for clients that are slow to send a request, and a graceful
//! shutdown. On each executor it serves hyper clients for a short time, with both versions.
//!
//! Run it with `cargo run --release -p dormouse --features hyper,smol --example http`. Without the feature `tokio` or
//! `smol`, the builtin reactor is used on those executors too.

#[path = "http/client.rs"]
mod client;
#[path = "http/executors.rs"]
mod executors;
#[path = "http/serve.rs"]
mod serve;

use client::{Client, Result, Version};
use dormouse::reactor::Reactor;
use executors::{Body, Spawner};
use futures::channel::oneshot;
use futures::future::{FutureExt, try_join_all};
use hyper::rt::Executor;
use std::net::{SocketAddr, TcpListener};
use std::panic;
use std::time::{Duration, Instant};

/// How long the clients send requests, for each version on each executor.
const DURATION: Duration = Duration::from_millis(150);
const CLIENTS: usize = 8;

struct Row {
    reactor: &'static str,
    http1_per_s: f64,
    http2_per_s: f64,
    shutdown: Duration,
}

type Run = fn(Body<Result<Row>>) -> Result<Row>;

const EXECUTORS: &[(&str, Run)] = &[
    ("tokio multi_thread", executors::tokio_multi_thread),
    ("tokio current_thread", executors::tokio_current_thread),
    ("tokio without I/O", executors::tokio_without_io),
    ("smol", executors::smol),
    ("async-std", executors::async_std),
    ("futures ThreadPool", executors::futures_thread_pool),
    ("futures LocalPool", executors::futures_local_pool),
    ("dormouse::block_on", executors::block_on),
];

fn main() -> Result<()> {
    hide_probe();
    println!("{CLIENTS} clients and the server on the same executor, requests per second:\n");
    println!(
        "{:<22}{:<12}{:>10}{:>10}{:>14}",
        "executor", "reactor", "HTTP/1.1", "HTTP/2", "shutdown"
    );
    for (executor, run) in EXECUTORS {
        let row = run(Box::new(|spawner| measure(spawner).boxed()))?;
        println!(
            "{executor:<22}{:<12}{:>10.0}{:>10.0}{:>14}",
            row.reactor,
            row.http1_per_s,
            row.http2_per_s,
            format!("{:.1?}", row.shutdown)
        );
    }
    Ok(())
}

/// dormouse finds out that a runtime has no I/O by a panic of tokio, which it catches. The panic hook sees it, and would
/// print it into the table: with `RUST_BACKTRACE=1` that takes most of the time that is measured.
fn hide_probe() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !info.to_string().contains("IO is disabled") {
            print(info);
        }
    }));
}

/// Starts the server, sends requests with both versions, and shuts the server down.
async fn measure(spawner: Spawner) -> Result<Row> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    let (stop, stopped) = oneshot::channel::<()>();
    let (done, served) = oneshot::channel();
    let server = serve::serve(
        listener,
        serve::HEADER_TIMEOUT,
        serve::respond,
        stopped.map(drop),
        spawner.clone(),
    );
    spawner.execute(server.map(|outcome| drop(done.send(outcome))));

    let http1_per_s = send_requests(address, Version::Http1, &spawner).await?;
    let http2_per_s = send_requests(address, Version::Http2, &spawner).await?;
    let start = Instant::now();
    drop(stop);
    served.await??;
    let reactor = Reactor::current().name();
    Ok(Row { reactor, http1_per_s, http2_per_s, shutdown: start.elapsed() })
}

/// Sends requests from all clients, and returns the number of responses per second.
async fn send_requests(server: SocketAddr, version: Version, spawner: &Spawner) -> Result<f64> {
    let start = Instant::now();
    let clients = (0..CLIENTS).map(|_| async {
        let mut client = Client::connect(server, version, spawner).await?;
        let echo = client.post("/echo", "are you awake?".into()).await?;
        assert_eq!(echo, "are you awake?");
        let mut responses = 1;
        while start.elapsed() < DURATION {
            client.get("/").await?;
            responses += 1;
        }
        Result::Ok(responses)
    });
    let responses: u32 = try_join_all(clients).await?.into_iter().sum();
    Ok(f64::from(responses) / start.elapsed().as_secs_f64())
}
