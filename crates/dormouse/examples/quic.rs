//! QUIC on any executor: a `quinn::Runtime` with the sockets and timers of dormouse.
//!
//! A `quinn::Runtime` provides three things: UDP sockets, timers, and a way to spawn tasks. The first two are
//! implemented here, once for all executors. The third is a function of the executor.
//!
//! Run it with `cargo run --release --example quic`. It sends 64 MiB to itself over loopback.

use dormouse::clock::Monotonic;
use dormouse::io::Interest;
use dormouse::net::UdpSocket;
use dormouse::sleep_until;
use dormouse::time::Sleep;
use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncTimer, AsyncUdpSocket, UdpPoller};
use std::error::Error;
use std::fmt;
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

pub(crate) type Task = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Sockets and timers of dormouse, and the spawn function of the executor.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) spawn: fn(Task),
}

impl quinn::Runtime for Runtime {
    fn new_timer(&self, deadline: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(Timer(sleep_until(to_monotonic(deadline))))
    }

    fn spawn(&self, task: Task) {
        (self.spawn)(task);
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Arc::new(Socket { io: UdpSocket::from_std(socket)?, state }))
    }
}

#[derive(Debug)]
struct Timer(Sleep<Monotonic>);

impl AsyncTimer for Timer {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.0.reset(to_monotonic(deadline));
    }

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx)
    }
}

/// `std::time::Instant` is opaque, so this converts the remaining time. Both clocks are the same on most systems.
fn to_monotonic(deadline: Instant) -> dormouse::time::Instant<Monotonic> {
    Monotonic::now() + deadline.saturating_duration_since(Instant::now())
}

#[derive(Debug)]
struct Socket {
    io: UdpSocket,
    state: UdpSocketState,
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        Box::pin(WritablePoller { socket: self, wait: None })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.io.try_io(Interest::WRITABLE, || self.state.send((&self.io).into(), transmit))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        loop {
            ready!(self.io.poll_recv_ready(cx))?;
            let receive = || self.state.recv((&self.io).into(), buffers, meta);
            match self.io.try_io(Interest::READABLE, receive) {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                received => return Poll::Ready(received),
            }
        }
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.io.local_addr()
    }

    fn max_transmit_segments(&self) -> usize {
        self.state.max_gso_segments()
    }

    fn max_receive_segments(&self) -> usize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

type Wait = Pin<Box<dyn Future<Output = io::Result<()>> + Send + Sync>>;

/// Waits until the socket is writable. Each connection of quinn has its own, so each has its own waiter.
struct WritablePoller {
    socket: Arc<Socket>,
    wait: Option<Wait>,
}

impl UdpPoller for WritablePoller {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let WritablePoller { socket, wait } = &mut *self;
        let wait = wait.get_or_insert_with(|| {
            let socket = socket.clone();
            Box::pin(async move { socket.io.writable().await })
        });
        let outcome = ready!(wait.as_mut().poll(cx));
        self.wait = None;
        Poll::Ready(outcome)
    }
}

impl fmt::Debug for WritablePoller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WritablePoller").field("socket", &self.socket).finish_non_exhaustive()
    }
}

/// Sends `bytes` bytes from a client to a server. Returns the number of bytes received and their sum.
pub(crate) async fn transfer(
    spawn: fn(Task),
    bytes: usize,
) -> Result<(usize, u64), Box<dyn Error>> {
    let (server, client) = endpoints(spawn)?;
    let address = server.local_addr()?;
    let send = async {
        let connection = client.connect(address, "localhost")?.await?;
        let mut stream = connection.open_uni().await?;
        let chunk: Vec<u8> = (0..=255).cycle().take(64 * 1024).collect();
        for start in (0..bytes).step_by(chunk.len()) {
            stream.write_all(&chunk[..chunk.len().min(bytes - start)]).await?;
        }
        stream.finish()?;
        connection.closed().await; // the receiver has read everything
        Ok::<_, Box<dyn Error>>(())
    };
    let receive = async {
        let connection = server.accept().await.ok_or("the endpoint is closed")?.await?;
        let mut stream = connection.accept_uni().await?;
        let (mut len, mut sum) = (0, 0);
        while let Some(chunk) = stream.read_chunk(usize::MAX, true).await? {
            len += chunk.bytes.len();
            sum += chunk.bytes.iter().map(|&byte| u64::from(byte)).sum::<u64>();
        }
        connection.close(0u32.into(), b"thanks");
        Ok::<_, Box<dyn Error>>((len, sum))
    };
    let ((), received) = futures::try_join!(send, receive)?;
    client.wait_idle().await;
    Ok(received)
}

/// A server endpoint, and a client endpoint that trusts its certificate.
fn endpoints(spawn: fn(Task)) -> Result<(quinn::Endpoint, quinn::Endpoint), Box<dyn Error>> {
    let generated = rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let certificate = generated.cert.der().clone();
    let key = rustls::pki_types::PrivatePkcs8KeyDer::from(generated.signing_key.serialize_der());
    let mut trusted = rustls::RootCertStore::empty();
    trusted.add(certificate.clone())?;
    let server = quinn::ServerConfig::with_single_cert(vec![certificate], key.into())?;
    let client = quinn::ClientConfig::with_root_certificates(Arc::new(trusted))?;

    let endpoint = |server| {
        let socket = std::net::UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
        let runtime = Arc::new(Runtime { spawn });
        quinn::Endpoint::new(quinn::EndpointConfig::default(), server, socket, runtime)
    };
    let (server, mut client_endpoint) = (endpoint(Some(server))?, endpoint(None)?);
    client_endpoint.set_default_client_config(client);
    Ok((server, client_endpoint))
}

fn main() -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let spawn = |task: Task| smol::spawn(task).detach();
    let (len, _sum) = smol::block_on(transfer(spawn, 64 << 20))?;
    println!("{len} bytes in {:?}", start.elapsed());
    Ok(())
}
