//! The client: hyper's client for one connection.

use super::executors::Spawner;
use dormouse::io::AsyncFd;
use dormouse::time::HyperTimer;
use futures::FutureExt;
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::{http1, http2};
use hyper::rt::Executor;
use std::error::Error;
use std::net::{SocketAddr, TcpStream};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Version {
    Http1,
    Http2,
}

pub(crate) enum Client {
    Http1(http1::SendRequest<Full<Bytes>>),
    Http2(http2::SendRequest<Full<Bytes>>),
}

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error + Send + Sync>>;

impl Client {
    pub(crate) async fn connect(
        server: SocketAddr,
        version: Version,
        spawner: &Spawner,
    ) -> Result<Client> {
        // A blocking connect: on loopback it takes no longer than a system call.
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        let stream = AsyncFd::new(stream)?;
        Ok(match version {
            Version::Http1 => {
                let (client, connection) = http1::handshake(stream).await?;
                spawner.execute(connection.map(drop));
                Client::Http1(client)
            }
            Version::Http2 => {
                let mut http2 = http2::Builder::new(spawner.clone());
                let (client, connection) = http2.timer(HyperTimer).handshake(stream).await?;
                spawner.execute(connection.map(drop));
                Client::Http2(client)
            }
        })
    }

    pub(crate) async fn get(&mut self, path: &str) -> Result<Bytes> {
        self.send(Request::get(path), Bytes::new()).await
    }

    pub(crate) async fn post(&mut self, path: &str, body: Bytes) -> Result<Bytes> {
        self.send(Request::post(path), body).await
    }

    async fn send(&mut self, request: hyper::http::request::Builder, body: Bytes) -> Result<Bytes> {
        let response = match self {
            Client::Http1(client) => {
                let request = request.header("host", "localhost").body(Full::from(body))?;
                client.ready().await?;
                client.send_request(request).await?
            }
            Client::Http2(client) => {
                let mut request = request.body(Full::from(body))?;
                // HTTP/2 has the host in the URI.
                let path = request.uri().path();
                *request.uri_mut() = format!("http://localhost{path}").parse()?;
                client.ready().await?;
                client.send_request(request).await?
            }
        };
        read_body(response).await
    }
}

async fn read_body(response: hyper::Response<Incoming>) -> Result<Bytes> {
    if !response.status().is_success() {
        return Err(format!("the server responded with {}", response.status()).into());
    }
    Ok(response.into_body().collect().await?.to_bytes())
}
