//! HTTP/2 with hyper, on three executors: a server and its client.
//!
//! Run it with `cargo run -p dormouse-adapters --features hyper_1 --example http2`. The library's example `http` has a
//! complete server.

mod executors;

use dormouse::net::{TcpListener, TcpStream};
use dormouse::time::HyperTimer;
use dormouse_adapters::hyper_1::DormouseExecutor;
use executors::{Outcome, on_each_executor};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::{Request, Response, client, server};
use std::convert::Infallible;

async fn serve(listener: TcpListener) -> Outcome {
    let (stream, _) = listener.accept().await?;
    let answer = service_fn(async |_request| {
        Ok::<_, Infallible>(Response::new(Full::new(Bytes::from_static(b"sleep well"))))
    });
    let mut http = server::conn::http2::Builder::new(DormouseExecutor);
    Ok(http.timer(HyperTimer).serve_connection(stream, answer).await?)
}

async fn get(stream: TcpStream) -> Outcome {
    let (mut requests, connection) =
        client::conn::http2::Builder::new(DormouseExecutor).handshake(stream).await?;
    DormouseExecutor.execute(connection);
    let request = Request::get("http://localhost/").body(Full::<Bytes>::default())?;
    let answer = requests.send_request(request).await?.into_body().collect().await?.to_bytes();
    println!("{}", String::from_utf8_lossy(&answer));
    Ok(())
}

pub(crate) async fn run() -> Outcome {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let stream = TcpStream::connect(listener.local_addr()?).await?;
    futures::try_join!(serve(listener), get(stream)).map(drop)
}

fn main() -> std::process::ExitCode {
    on_each_executor(run)
}
