//! The server: HTTP/1.1 and HTTP/2 on one port, for any executor.

use super::executors::Spawner;
use dormouse::io::{AsyncFd, Interest};
use dormouse::time::HyperTimer;
use dormouse::{sleep, timeout};
use futures::FutureExt;
use futures::future::{Either, select};
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt, Full};
use hyper::body::{Bytes, Incoming};
use hyper::rt::Executor;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::server::conn::auto;
use hyper_util::server::graceful::{GracefulShutdown, Watcher};
use std::convert::Infallible;
use std::io;
use std::net::{TcpListener, TcpStream};
use std::pin::pin;
use std::time::Duration;

/// How long a client may take to send a request header.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long the requests in flight may take after `shutdown`.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(10);
/// The interval of HTTP/2 keep-alive pings.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long a request for `/slow` takes.
pub(crate) const SLOW: Duration = Duration::from_millis(200);

type Body = BoxBody<Bytes, hyper::Error>;
pub(crate) type Answer = Result<Response<Body>, Infallible>;

/// Accepts and serves clients until `shutdown` completes, then finishes the requests in flight. `respond` answers a
/// request. A client that has not sent a request header within `header_timeout` is disconnected.
///
/// # Errors
/// If the listener cannot be registered, or if the requests in flight take longer than [`SHUTDOWN_TIMEOUT`].
pub(crate) async fn serve<F: Future<Output = Answer> + Send + 'static>(
    listener: TcpListener,
    header_timeout: Duration,
    respond: impl Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    shutdown: impl Future<Output = ()>,
    spawner: Spawner,
) -> io::Result<()> {
    let listener = AsyncFd::with_interest(listener, Interest::READABLE)?;
    let mut http = auto::Builder::new(spawner.clone());
    http.http1().timer(HyperTimer).header_read_timeout(header_timeout);
    http.http2().timer(HyperTimer).keep_alive_interval(KEEP_ALIVE);

    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown.fuse());
    loop {
        // `accept` is dropped and created again in each iteration. It is cancel safe: no connection is lost.
        let accept = pin!(listener.async_io(Interest::READABLE, |listener| listener.accept()));
        match select(accept, shutdown.as_mut()).await {
            Either::Left((Ok((stream, _)), _)) => {
                let (http, respond, open) = (http.clone(), respond.clone(), open.watcher());
                spawner.execute(connection(http, stream, header_timeout, respond, open));
            }
            // The client has disconnected, or the process is at its fd limit. Try again after a pause.
            Either::Left((Err(_), _)) => sleep(Duration::from_millis(50)).await,
            Either::Right(_) => break,
        }
    }
    drop(listener);
    Ok(timeout(SHUTDOWN_TIMEOUT, open.shutdown()).await?)
}

/// Serves one connection. Errors are ignored: they only affect the client, which sees the end of the connection.
async fn connection<F: Future<Output = Answer> + Send + 'static>(
    http: auto::Builder<Spawner>,
    stream: TcpStream,
    header_timeout: Duration,
    respond: impl Fn(Request<Incoming>) -> F + Send + 'static,
    open: Watcher,
) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = AsyncFd::new(stream) else { return };
    // The timeout of hyper only starts when it has detected the version from the first bytes.
    let Ok(Ok(_)) = timeout(header_timeout, stream.readable()).await else { return };
    let _ = open.watch(http.serve_connection(stream, service_fn(respond)).into_owned()).await;
}

/// Answers a request.
pub(crate) async fn respond(request: Request<Incoming>) -> Answer {
    let text = |text: &'static str| Full::from(text).map_err(|never| match never {}).boxed();
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Response::new(text("sleep well\n")),
        (&Method::GET, "/slow") => {
            sleep(SLOW).await;
            Response::new(text("slept well\n"))
        }
        (&Method::POST, "/echo") => Response::new(request.into_body().boxed()),
        _ => {
            let mut response = Response::new(text("not found\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    })
}
