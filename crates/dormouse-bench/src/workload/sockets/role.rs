//! What the tasks of W11 do. All have the same type, because an executor takes futures of one type.

use super::window::{Batches, Window};
use crate::net_peer::NetPeer;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

/// Larger than a message, as the buffers of most readers are.
const BUFFER: usize = 64;

const MESSAGE: &[u8] = b"hello";

pub(super) enum Role<N: NetPeer> {
    Acceptor(N::Listener),
    Connector(SocketAddr),
    TcpServer(N::Stream),
    TcpClient(N::Stream),
    UdpServer(N::Udp),
    UdpClient(N::Udp),
    Idle(N::Stream),
}

impl<N: NetPeer> Role<N> {
    pub(super) fn is_client(&self) -> bool {
        matches!(self, Role::Connector(_) | Role::TcpClient(_) | Role::UdpClient(_))
    }
}

pub(super) async fn run<N: NetPeer>(role: Role<N>, window: Arc<Window>) {
    window.task_started();
    let done = match role {
        Role::Acceptor(listener) => accept::<N>(listener).await,
        Role::Connector(address) => connect::<N>(address, window).await,
        Role::TcpServer(stream) => tcp_server::<N>(stream).await,
        Role::TcpClient(stream) => tcp_client::<N>(stream, window).await,
        Role::UdpServer(socket) => udp_server::<N>(socket).await,
        Role::UdpClient(socket) => udp_client::<N>(socket, window).await,
        Role::Idle(mut stream) => {
            // Ends when the other process has: with end of file, or a reset.
            let _ = N::read(&mut stream, &mut [0; BUFFER]).await;
            Ok(())
        }
    };
    if let Err(err) = done {
        // No panic: other tasks may wait for this one.
        eprintln!("a socket of w11: {err}");
        std::process::exit(1);
    }
}

async fn connect<N: NetPeer>(address: SocketAddr, window: Arc<Window>) -> io::Result<()> {
    let mut batches = Batches::new(&window, 10);
    loop {
        let mut stream = N::connect(address).await?;
        tcp_round_trip::<N>(&mut stream).await?;
        drop(stream);
        if !batches.round_trip_done() {
            break;
        }
    }
    // A connection without a message ends the acceptor.
    N::connect(address).await.map(drop)
}

async fn accept<N: NetPeer>(listener: N::Listener) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        let mut stream = N::accept(&listener).await?;
        match N::read(&mut stream, &mut buffer).await? {
            0 => return Ok(()),
            read => N::write(&mut stream, &buffer[..read]).await?,
        };
    }
}

async fn tcp_client<N: NetPeer>(mut stream: N::Stream, window: Arc<Window>) -> io::Result<()> {
    let mut batches = Batches::new(&window, 50);
    loop {
        tcp_round_trip::<N>(&mut stream).await?;
        if !batches.round_trip_done() {
            return Ok(());
        }
    }
}

async fn tcp_round_trip<N: NetPeer>(stream: &mut N::Stream) -> io::Result<()> {
    N::write(stream, MESSAGE).await?;
    expect_message(N::read(stream, &mut [0; BUFFER]).await?)
}

async fn tcp_server<N: NetPeer>(mut stream: N::Stream) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        match N::read(&mut stream, &mut buffer).await? {
            0 => return Ok(()),
            read => N::write(&mut stream, &buffer[..read]).await?,
        };
    }
}

async fn udp_client<N: NetPeer>(mut socket: N::Udp, window: Arc<Window>) -> io::Result<()> {
    let mut batches = Batches::new(&window, 50);
    loop {
        N::send(&mut socket, MESSAGE).await?;
        expect_message(N::recv(&mut socket, &mut [0; BUFFER]).await?)?;
        if !batches.round_trip_done() {
            break;
        }
    }
    // A shorter datagram ends the server.
    N::send(&mut socket, &MESSAGE[..1]).await.map(drop)
}

async fn udp_server<N: NetPeer>(mut socket: N::Udp) -> io::Result<()> {
    let mut buffer = [0; BUFFER];
    loop {
        let (received, from) = N::recv_from(&mut socket, &mut buffer).await?;
        if received < MESSAGE.len() {
            return Ok(());
        }
        N::send_to(&mut socket, &buffer[..received], from).await?;
    }
}

fn expect_message(received: usize) -> io::Result<()> {
    if received == MESSAGE.len() { Ok(()) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}
