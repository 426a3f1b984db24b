//! A UDP service in the two styles of tokio's docs: a socket that two tasks share, and one task that waits for readiness.

use super::rt::io::Interest;
use super::rt::net::UdpSocket;
use super::rt::sync::mpsc;
use super::rt::time::{Duration, sleep};
use super::rt::{select, spawn};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

pub(crate) async fn main() -> io::Result<()> {
    let shared = UdpSocket::bind("127.0.0.1:0").await?;
    let address = shared.local_addr()?;
    spawn(
        async move { shared_by_two_tasks(shared).await.unwrap_or_else(|err| eprintln!("{err}")) },
    );
    ask(address).await?;

    let ready = UdpSocket::bind("127.0.0.1:0").await?;
    let address = ready.local_addr()?;
    spawn(async move { by_readiness(ready).await.unwrap_or_else(|err| eprintln!("{err}")) });
    ask(address).await
}

/// Sends a request again until there is a response, because a datagram can be lost.
async fn ask(server: SocketAddr) -> io::Result<()> {
    let socket = UdpSocket::bind(("127.0.0.1", 0)).await?;
    socket.connect(server).await?;
    assert_eq!(socket.peer_addr()?, server);
    let mut buf = vec![0; 64];
    loop {
        socket.send(b"ping").await?;
        select! {
            received = socket.recv(&mut buf) => {
                assert_eq!(&buf[..received?], b"ping");
                return Ok(());
            }
            () = sleep(Duration::from_secs(1)) => {}
        }
    }
}

async fn shared_by_two_tasks(sock: UdpSocket) -> io::Result<()> {
    let r = Arc::new(sock);
    let s = r.clone();
    let (tx, mut rx) = mpsc::channel::<(Vec<u8>, SocketAddr)>(1_000);

    spawn(async move {
        while let Some((bytes, addr)) = rx.recv().await {
            let len = s.send_to(&bytes, &addr).await.unwrap();
            assert_eq!(len, bytes.len());
        }
    });

    let mut buf = [0; 1024];
    loop {
        let (len, addr) = r.recv_from(&mut buf).await?;
        tx.send((buf[..len].to_vec(), addr)).await.unwrap();
    }
}

async fn by_readiness(socket: UdpSocket) -> io::Result<()> {
    let mut buf = [0; 1024];
    let mut pending: Option<(usize, SocketAddr)> = None;
    loop {
        let interest = match pending {
            Some(_) => Interest::READABLE | Interest::WRITABLE,
            None => Interest::READABLE,
        };
        let ready = socket.ready(interest).await?;

        if ready.is_readable() && pending.is_none() {
            // The try_recv_from() call may still fail with `WouldBlock` if the readiness event is a false positive.
            match socket.try_recv_from(&mut buf) {
                Ok(received) => pending = Some(received),
                Err(ref e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
        if let (true, Some((len, addr))) = (ready.is_writable(), pending) {
            match socket.try_send_to(&buf[..len], addr) {
                Ok(_) => pending = None,
                Err(ref e) if e.kind() == io::ErrorKind::WouldBlock => {}
                Err(e) => return Err(e),
            }
        }
    }
}
