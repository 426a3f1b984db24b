//! An echo server: hyper's HTTP/1, a future for each connection.
//!
//! The connections are made before the server starts, and stay: what counts is reading, writing and
//! waiting. The client has a thread of its own; its CPU time is left out.

use super::client::Client;
use super::hyper_io::Io;
use super::{Case, Outcome};
use crate::fd_peer::{Executor, FdPeer, Watched};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use std::convert::Infallible;
use std::io;
use std::net::{TcpListener, TcpStream};

pub(super) fn measure<E: Executor, P: FdPeer>(executor: E, case: &Case) -> io::Result<Outcome> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let (mut clients, mut connections) = (Vec::new(), Vec::new());
    for _ in 0..case.n {
        clients.push(TcpStream::connect(listener.local_addr()?)?);
        let (connection, _) = listener.accept()?;
        connection.set_nodelay(true)?;
        connection.set_nonblocking(true)?;
        connections.push(serve::<P::Tcp>(connection));
    }
    let case = case.clone();
    let client = std::thread::spawn(move || Client::new(clients)?.measure(&case));
    executor.all(connections);
    client.join().expect("the client")
}

/// Until the client hangs up. If something goes wrong, the client sees the end of the connection.
async fn serve<W: Watched<TcpStream>>(connection: TcpStream) {
    let Ok(socket) = W::watch(connection) else { return };
    let _ = http1::Builder::new().serve_connection(Io::new(socket), service_fn(echo)).await;
}

async fn echo(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
    Ok(Response::new(request.into_body()))
}
