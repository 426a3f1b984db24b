//! An HTTP/1 echo server with hyper, one future per connection.
//!
//! The connections are established before the server starts, and stay open: reading, writing and waiting are
//! measured. The client runs on another thread, the CPU time of which is not counted.

use super::client::Client;
use super::hyper_io::Io;
use crate::case::{Case, Outcome};
use crate::fd_peer::FdPeer;
use crate::fd_peer::executor::Executor;
use crate::fd_peer::socket::Registered;
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
    executor.run_all(connections);
    client.join().expect("the client panicked")
}

/// Serves until the client closes the connection. After an error, the client sees that it is closed.
async fn serve<W: Registered<TcpStream>>(connection: TcpStream) {
    let Ok(socket) = W::register(connection) else { return };
    let _ = http1::Builder::new().serve_connection(Io::new(socket), service_fn(echo)).await;
}

async fn echo(request: Request<Incoming>) -> Result<Response<Incoming>, Infallible> {
    Ok(Response::new(request.into_body()))
}
