//! A real HTTP stack on dormouse: the server and the client of hyper, on every executor.
//!
//! The server, the client and the executors are those of the example `http`.

mod common;

#[path = "../examples/http/client.rs"]
mod client;
#[path = "../examples/http/executors.rs"]
mod executors;
#[path = "../examples/http/serve.rs"]
mod serve;

use client::{Client, Version};
use common::TEST_TIMEOUT;
use dormouse::io::AsyncFd;
use dormouse::timeout;
use executors::Spawner;
use futures::StreamExt;
use futures::channel::{mpsc, oneshot};
use futures::future::{FutureExt, join, join_all};
use futures::io::AsyncReadExt;
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::rt::Executor;
use serve::{Answer, HEADER_TIMEOUT, SLOW, respond, serve};
use std::io::{self, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// Generates one test per executor from an async fn, in a module with the name of that fn.
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
    large_bodies_are_echoed_completely
    many_concurrent_requests_are_answered
    a_client_that_sends_no_request_in_time_is_disconnected
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
        // On a loaded machine, seconds may pass between the requests of a client.
        Server::start_with(spawner, TEST_TIMEOUT, respond)
    }

    fn start_with<F: Future<Output = Answer> + Send + 'static>(
        spawner: Spawner,
        header_timeout: Duration,
        respond: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    ) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (done, served) = oneshot::channel();
        let server = serve(listener, header_timeout, respond, stopped.map(drop), spawner.clone());
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
        // All on one connection.
        for _ in 0..3 {
            assert_eq!(client.get("/").await.unwrap(), "sleep well\n");
        }
        let error = client.get("/missing").await.unwrap_err();
        assert!(error.to_string().contains("404"), "{error}");
    }
    server.stop().await;
}

async fn large_bodies_are_echoed_completely(spawner: Spawner) {
    let server = Server::start(spawner);
    let body: Bytes = (0..1 << 20).map(|i: u32| (i ^ i >> 8) as u8).collect();
    for version in VERSIONS {
        let mut client = server.connect(version).await;
        let echoed = client.post("/echo", body.clone()).await.unwrap();
        assert!(echoed == body, "{} bytes were echoed over {version:?}", echoed.len());
    }
    server.stop().await;
}

async fn many_concurrent_requests_are_answered(spawner: Spawner) {
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

async fn a_client_that_sends_no_request_in_time_is_disconnected(spawner: Spawner) {
    let server = Server::start_with(spawner, HEADER_TIMEOUT, respond);
    // A client that sends nothing, and one that sends half a header.
    let slow = ["", "GET / HTTP/1.1\r\nhost: loc"].map(|half| async move {
        let start = Instant::now();
        let mut stream = AsyncFd::new(TcpStream::connect(server.address).unwrap()).unwrap();
        stream.write_all(half.as_bytes()).await.unwrap();
        let mut response = String::new();
        let end = timeout(TEST_TIMEOUT, stream.read_to_string(&mut response)).await;
        end.expect("the client is not disconnected").unwrap();
        assert!(start.elapsed() >= HEADER_TIMEOUT - Duration::from_millis(50));
        assert!(!response.contains("sleep well"), "{response}");
    });
    // Another client is served at the same time.
    let mut other = server.connect(Version::Http1).await;
    let ((), response) = join(join_all(slow).map(drop), other.get("/")).await;
    assert_eq!(response.unwrap(), "sleep well\n");
    server.stop().await;
}

async fn a_shutdown_finishes_the_requests_in_flight(spawner: Spawner) {
    let (arrived, mut arrivals) = mpsc::unbounded();
    let server = Server::start_with(spawner, TEST_TIMEOUT, move |request| {
        arrived.unbounded_send(request.uri().path() == "/slow").unwrap();
        respond(request)
    });
    let address = server.address;
    let mut clients = join_all(VERSIONS.map(|version| server.connect(version))).await;
    let mut idle = server.connect(Version::Http1).await;
    assert_eq!(idle.get("/").await.unwrap(), "sleep well\n");

    let start = Instant::now();
    let responses = join_all(clients.iter_mut().map(|client| client.get("/slow")));
    let stop = async {
        let mut slow = 0;
        while slow < VERSIONS.len() {
            slow += usize::from(arrivals.next().await.unwrap());
        }
        server.stop().await;
    };
    let (responses, ()) = join(responses, stop).await;
    for response in responses {
        assert_eq!(response.unwrap(), "slept well\n");
    }
    assert!(start.elapsed() >= SLOW);
    assert!(TcpStream::connect(address).is_err(), "the server still listens");
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
        assert_eq!(curl(&["--data", "are you awake?", &echo]).await, "are you awake?");
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

/// Whether a program can be run. Prints a note if it cannot.
fn is_installed(program: &str) -> bool {
    let version = Command::new(program).arg("--version").stdout(Stdio::null()).status();
    if version.is_err() {
        // The test harness captures the output of `eprintln`, but not this.
        let _ = writeln!(io::stderr(), "skipped: {program} is not installed");
    }
    version.is_ok()
}

/// Runs a program and returns its output. Waits for it on another thread, because the executor has to run the server.
async fn output(mut command: Command) -> String {
    let (done, wait) = oneshot::channel();
    std::thread::spawn(move || done.send(command.output()));
    let Output { status, stdout, stderr } = wait.await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{status}: {text}{}", String::from_utf8_lossy(&stderr));
    text
}
