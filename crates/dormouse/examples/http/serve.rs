//! The server: HTTP/1.1 and HTTP/2 on one port, written once, for any executor.

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

/// A client that has not said what it wants by then is cut off.
pub(crate) const HEADER_TIMEOUT: Duration = Duration::from_secs(2);
/// How long requests that are being answered may take, once the server is told to stop.
const GRACE: Duration = Duration::from_secs(10);
/// Between two looks whether an HTTP/2 client is there still.
const KEEP_ALIVE: Duration = Duration::from_secs(20);
/// How long `/slow` takes.
pub(crate) const SLOW: Duration = Duration::from_millis(200);

type Body = BoxBody<Bytes, hyper::Error>;

/// Serves all who connect, until `shutdown`; then answers what has been asked, and ends.
///
/// # Errors
/// If the listener cannot be watched, or if requests were not done within [`GRACE`].
pub(crate) async fn serve(
    listener: TcpListener,
    shutdown: impl Future<Output = ()>,
    spawner: Spawner,
) -> io::Result<()> {
    let listener = AsyncFd::with_interest(listener, Interest::READABLE)?;
    let mut http = auto::Builder::new(spawner.clone());
    http.http1().timer(HyperTimer).header_read_timeout(HEADER_TIMEOUT);
    http.http2().timer(HyperTimer).keep_alive_interval(KEEP_ALIVE);

    let open = GracefulShutdown::new();
    let mut shutdown = pin!(shutdown.fuse());
    loop {
        // Begun anew each time around: a wait that is dropped loses nothing.
        let accept = pin!(listener.async_io(Interest::READABLE, |listener| listener.accept()));
        match select(accept, shutdown.as_mut()).await {
            Either::Left((Ok((stream, _)), _)) => {
                spawner.execute(connection(http.clone(), stream, open.watcher()));
            }
            // The client has gone, or there are no fds left. The next one may have more luck.
            Either::Left((Err(_), _)) => sleep(Duration::from_millis(50)).await,
            Either::Right(_) => break,
        }
    }
    drop(listener);
    Ok(timeout(GRACE, open.shutdown()).await?)
}

/// If something goes wrong, it concerns nobody but the client, who sees the end of the connection.
async fn connection(http: auto::Builder<Spawner>, stream: TcpStream, open: Watcher) {
    let _ = stream.set_nodelay(true);
    let Ok(stream) = AsyncFd::new(stream) else { return };
    // hyper's timeout begins when the first bytes have told HTTP/1 from HTTP/2.
    let Ok(Ok(_)) = timeout(HEADER_TIMEOUT, stream.readable()).await else { return };
    let _ = open.watch(http.serve_connection(stream, service_fn(answer)).into_owned()).await;
}

async fn answer(request: Request<Incoming>) -> Result<Response<Body>, Infallible> {
    let text = |text: &'static str| Full::from(text).map_err(|never| match never {}).boxed();
    Ok(match (request.method(), request.uri().path()) {
        (&Method::GET, "/") => Response::new(text("sleep well\n")),
        (&Method::GET, "/slow") => {
            sleep(SLOW).await;
            Response::new(text("slept well\n"))
        }
        (&Method::POST, "/echo") => Response::new(request.into_body().boxed()),
        _ => {
            let mut response = Response::new(text("nobody here\n"));
            *response.status_mut() = StatusCode::NOT_FOUND;
            response
        }
    })
}
