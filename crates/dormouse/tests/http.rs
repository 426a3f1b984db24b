//! What a real stack promises over dormouse: hyper's server and client, on every executor.
//!
//! The server, the client and the executors are those of the example.

mod common;

#[path = "../examples/http/client.rs"]
mod client;
#[path = "../examples/http/executors.rs"]
mod executors;
#[path = "../examples/http/serve.rs"]
mod serve;

use client::{Client, Version};
use common::HANG;
use dormouse::io::AsyncFd;
use dormouse::{sleep, timeout};
use executors::Spawner;
use futures::channel::oneshot;
use futures::future::{FutureExt, join, join_all};
use futures::io::{AsyncReadExt, AsyncWriteExt};
use hyper::body::Bytes;
use hyper::rt::Executor;
use serve::{HEADER_TIMEOUT, SLOW, serve};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// One test an executor, each named after it, from one async fn.
macro_rules! on_every_executor {
    ($($promise:ident)*) => {$(
        mod $promise {
            on_every_executor! { $promise:
                tokio_multi_thread tokio_current_thread tokio_without_io smol async_std
                futures_thread_pool futures_local_pool block_on
            }
        }
    )*};
    ($promise:ident: $($executor:ident)*) => {$(
        #[test]
        fn $executor() {
            use futures::FutureExt;
            let body = |spawner| super::$promise(spawner).boxed();
            crate::common::within_time(|| crate::executors::$executor(Box::new(body)));
        }
    )*};
}

on_every_executor! {
    both_versions_are_served_on_one_port
    large_bodies_come_back_whole
    many_requests_at_once_are_answered
    a_client_that_is_slow_to_ask_is_disconnected
    a_shutdown_finishes_the_requests_in_flight
    curl_is_served
    h2load_is_served
}

const VERSIONS: [Version; 2] = [Version::Http1, Version::Http2];

/// A server that runs until it is stopped.
struct Server {
    address: SocketAddr,
    spawner: Spawner,
    stop: oneshot::Sender<()>,
    served: oneshot::Receiver<io::Result<()>>,
}

impl Server {
    fn start(spawner: Spawner) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (done, served) = oneshot::channel();
        let server = serve(listener, stopped.map(drop), spawner.clone());
        spawner.execute(server.map(|outcome| drop(done.send(outcome))));
        Server { address, spawner, stop, served }
    }

    async fn connect(&self, version: Version) -> Client {
        Client::connect(self.address, version, &self.spawner).await.unwrap()
    }

    async fn stop(self) {
        drop(self.stop);
        self.served.await.unwrap().unwrap();
    }
}

async fn both_versions_are_served_on_one_port(spawner: Spawner) {
    let server = Server::start(spawner);
    for version in VERSIONS {
        let mut client = server.connect(version).await;
        // On one connection.
        for _ in 0..3 {
            assert_eq!(client.get("/").await.unwrap(), "sleep well\n");
        }
        let nobody = client.get("/somewhere").await.unwrap_err();
        assert!(nobody.to_string().contains("404"), "{nobody}");
    }
    server.stop().await;
}

async fn large_bodies_come_back_whole(spawner: Spawner) {
    let server = Server::start(spawner);
    let body: Bytes = (0..1 << 20).map(|i: u32| (i ^ i >> 8) as u8).collect();
    for version in VERSIONS {
        let mut client = server.connect(version).await;
        let echoed = client.post("/echo", body.clone()).await.unwrap();
        assert!(echoed == body, "{} bytes came back over {version:?}", echoed.len());
    }
    server.stop().await;
}

async fn many_requests_at_once_are_answered(spawner: Spawner) {
    let server = Server::start(spawner);
    let clients = (0..20).map(|i: usize| {
        let server = &server;
        async move {
            let mut client = server.connect(VERSIONS[i % 2]).await;
            for _ in 0..10 {
                assert_eq!(client.get("/").await.unwrap(), "sleep well\n");
            }
        }
    });
    join_all(clients).await;
    server.stop().await;
}

async fn a_client_that_is_slow_to_ask_is_disconnected(spawner: Spawner) {
    let server = Server::start(spawner);
    // Nothing at all, and half a header.
    let asked = ["", "GET / HTTP/1.1\r\nhost: loc"].map(|half| async move {
        let start = Instant::now();
        let mut stream = AsyncFd::new(TcpStream::connect(server.address).unwrap()).unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let mut answer = String::new();
        let end = timeout(HANG, stream.read_to_string(&mut answer)).await;
        end.expect("it is kept for ever").unwrap();
        assert!(start.elapsed() >= HEADER_TIMEOUT - Duration::from_millis(50));
        assert!(!answer.contains("sleep well"), "{answer}");
    });
    // Another one is served meanwhile.
    let mut other = server.connect(Version::Http1).await;
    let ((), answered) = join(join_all(asked).map(drop), other.get("/")).await;
    assert_eq!(answered.unwrap(), "sleep well\n");
    server.stop().await;
}

async fn a_shutdown_finishes_the_requests_in_flight(spawner: Spawner) {
    let server = Server::start(spawner);
    let address = server.address;
    let mut clients = join_all(VERSIONS.map(|version| server.connect(version))).await;
    let mut idle = server.connect(Version::Http1).await;
    assert_eq!(idle.get("/").await.unwrap(), "sleep well\n");

    let start = Instant::now();
    let answers = join_all(clients.iter_mut().map(|client| client.get("/slow")));
    let stop = async {
        // Until the requests have arrived.
        sleep(SLOW / 2).await;
        server.stop().await;
    };
    let (answers, ()) = join(answers, stop).await;
    for answer in answers {
        assert_eq!(answer.unwrap(), "slept well\n");
    }
    assert!(start.elapsed() >= SLOW);
    assert!(TcpStream::connect(address).is_err(), "the server listens still");
    assert!(idle.get("/").await.is_err());
}

async fn curl_is_served(spawner: Spawner) {
    if !is_installed("curl") {
        return;
    }
    let server = Server::start(spawner);
    for version in ["--http1.1", "--http2-prior-knowledge"] {
        let url = format!("http://{}", server.address);
        let curl = |more: &[&str]| {
            let mut curl = Command::new("curl");
            curl.args(["--silent", "--show-error", "--fail", "--max-time", "20", version])
                .args(more);
            output(curl)
        };
        let got = curl(&["--write-out", "%{http_version}", &url]).await;
        let version = if version == "--http1.1" { "1.1" } else { "2" };
        assert_eq!(got, format!("sleep well\n{version}"));
        let echo = format!("{url}/echo");
        assert_eq!(curl(&["--data", "who is there?", &echo]).await, "who is there?");
    }
    server.stop().await;
}

async fn h2load_is_served(spawner: Spawner) {
    if !is_installed("h2load") {
        return;
    }
    let server = Server::start(spawner);
    for version in ["--h1", "--no-tls-proto=h2c"] {
        let mut h2load = Command::new("h2load");
        h2load.args(["--requests", "2000", "--clients", "10", "--max-concurrent-streams", "10"]);
        h2load.arg(version).arg(format!("http://{}/", server.address));
        let report = output(h2load).await;
        let all = "2000 total, 2000 started, 2000 done, 2000 succeeded, 0 failed";
        assert!(report.contains(all), "{report}");
        assert!(report.contains("status codes: 2000 2xx"), "{report}");
    }
    server.stop().await;
}

/// Whether a program can be run. If not, says so.
fn is_installed(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    if version.is_err() {
        // Not `eprintln`, which the test harness would keep to itself.
        let _ = writeln!(io::stderr(), "skipped: {program} is not installed");
    }
    version.is_ok()
}

/// Waits for a program on a thread of its own, since the executor has a server to run.
async fn output(mut command: Command) -> String {
    let (done, wait) = oneshot::channel();
    std::thread::spawn(move || done.send(command.output()));
    let Output { status, stdout, stderr } = wait.await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{status}: {text}{}", String::from_utf8_lossy(&stderr));
    text
}
