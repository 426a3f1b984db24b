//! DNS: the [`RuntimeProvider`] of [hickory-net](https://docs.rs/hickory-net/0.26) 0.26, for hickory-resolver 0.26.
//!
//! To have `TcpStream::connect` and the other functions of `dormouse::net` resolve names with hickory, in every library of
//! the program, pass a resolver to `dormouse::net::set_resolver` (feature `dns` of dormouse):
//!
//! ```ignore
//! use dormouse::net::{LookupFuture, set_resolver};
//! use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
//! use hickory_resolver::Resolver;
//! use std::{io, net::SocketAddr};
//!
//! struct Hickory(Resolver<DormouseRuntimeProvider>);
//!
//! impl dormouse::net::Resolver for Hickory {
//!     fn resolve<'a>(&'a self, host: &'a str, port: u16) -> LookupFuture<'a> {
//!         Box::pin(async move {
//!             let found = self.0.lookup_ip(host).await.map_err(io::Error::other)?;
//!             Ok(found.iter().map(|address| SocketAddr::new(address, port)).collect())
//!         })
//!     }
//! }
//!
//! set_resolver(Hickory(Resolver::builder(DormouseRuntimeProvider)?.build()?))?;
//! ```

use async_trait::async_trait;
use dormouse::clock::Realtime;
use dormouse::net::{TcpSocket, TcpStream, UdpSocket};
use dormouse::{sleep, task, timeout};
use futures_io::{AsyncRead, AsyncWrite};
use hickory_net::runtime::{DnsTcpStream, DnsUdpSocket, RuntimeProvider, Spawn, Time};
use std::future::Future;
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Sockets, timers and tasks for a resolver of hickory, on any executor.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
/// use hickory_resolver::Resolver;
/// use hickory_resolver::config::{NameServerConfig, ResolverConfig};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let server = NameServerConfig::udp_and_tcp("9.9.9.9".parse()?);
/// let config = ResolverConfig::from_name_servers(vec![server]);
/// let resolver = Resolver::builder_with_config(config, DormouseRuntimeProvider).build()?;
/// # dormouse::block_on(async {
/// let found = resolver.lookup_ip("127.0.0.1").await?;
/// assert!(found.iter().all(|address| address.is_loopback()));
/// # Ok(())
/// # })
/// # }
/// ```
#[doc(alias = "TokioRuntimeProvider")]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseRuntimeProvider;

/// As long as hickory's own providers wait for a connection, unless the caller names a time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

impl RuntimeProvider for DormouseRuntimeProvider {
    type Handle = DormouseHandle;
    type Timer = DormouseTime;
    type Udp = DormouseUdpSocket;
    type Tcp = DormouseTcpStream;

    fn create_handle(&self) -> DormouseHandle {
        DormouseHandle
    }

    fn connect_tcp(
        &self,
        server: SocketAddr,
        bind: Option<SocketAddr>,
        limit: Option<Duration>,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<DormouseTcpStream>>>> {
        Box::pin(async move {
            let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
            if let Some(address) = bind {
                socket.bind(address)?;
            }
            socket.set_nodelay(true)?;
            let stream =
                timeout(limit.unwrap_or(CONNECT_TIMEOUT), socket.connect(server)).await??;
            Ok(DormouseTcpStream(stream))
        })
    }

    fn bind_udp(
        &self,
        local: SocketAddr,
        _server: SocketAddr,
    ) -> Pin<Box<dyn Send + Future<Output = io::Result<DormouseUdpSocket>>>> {
        Box::pin(async move { Ok(DormouseUdpSocket(UdpSocket::bind(local).await?)) })
    }
}

/// Spawns the tasks of a resolver. Each ends when the resolver and its lookups are dropped.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseHandle;
/// use hickory_net::runtime::Spawn;
///
/// let (done, wait) = async_channel::bounded(1);
/// DormouseHandle.spawn_bg(async move { drop(done.send(()).await) });
/// assert_eq!(dormouse::block_on(wait.recv()), Ok(()));
/// ```
#[doc(alias = "TokioHandle")]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseHandle;

impl Spawn for DormouseHandle {
    fn spawn_bg(&mut self, future: impl Future<Output = ()> + Send + 'static) {
        drop(task::spawn(future));
    }
}

/// The timers of a resolver, on the default clock of dormouse, and its wall clock.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseTime;
/// use hickory_net::runtime::Time;
/// use std::time::Duration;
///
/// let slow = DormouseTime::timeout(Duration::from_millis(5), std::future::pending::<()>());
/// assert_eq!(dormouse::block_on(slow).unwrap_err().kind(), std::io::ErrorKind::TimedOut);
/// ```
#[doc(alias = "TokioTime")]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseTime;

#[async_trait]
impl Time for DormouseTime {
    async fn delay_for(duration: Duration) {
        sleep(duration).await;
    }

    async fn timeout<F: Future + Send + 'static>(
        duration: Duration,
        future: F,
    ) -> io::Result<F::Output> {
        Ok(timeout(duration, future).await?)
    }

    fn current_time() -> u64 {
        let now = SystemTime::from(Realtime::now());
        now.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }
}

/// The UDP socket of a resolver.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
/// use hickory_net::runtime::{DnsUdpSocket, RuntimeProvider};
///
/// # fn main() -> std::io::Result<()> {
/// let server = std::net::UdpSocket::bind("127.0.0.1:0")?;
/// let address = server.local_addr()?;
/// dormouse::block_on(async {
///     let any = "127.0.0.1:0".parse().expect("an address");
///     let socket = DormouseRuntimeProvider.bind_udp(any, address).await?;
///     assert_eq!(socket.send_to(b"question", address).await?, 8);
///     Ok(())
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct DormouseUdpSocket(UdpSocket);

#[async_trait]
impl DnsUdpSocket for DormouseUdpSocket {
    type Time = DormouseTime;

    fn poll_recv_from(
        &self,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<(usize, SocketAddr)>> {
        self.0.poll_recv_from(cx, buf)
    }

    fn poll_send_to(
        &self,
        cx: &mut Context<'_>,
        buf: &[u8],
        target: SocketAddr,
    ) -> Poll<io::Result<usize>> {
        self.0.poll_send_to(cx, buf, target)
    }

    // These two have a waiter each: tasks that share the socket do not take the wake-ups of each other.
    async fn recv_from(&self, buf: &mut [u8]) -> io::Result<(usize, SocketAddr)> {
        self.0.recv_from(buf).await
    }

    async fn send_to(&self, buf: &[u8], target: SocketAddr) -> io::Result<usize> {
        self.0.send_to(buf, target).await
    }
}

/// The TCP connection of a resolver.
///
/// ```
/// use dormouse_adapters::hickory_0_26::DormouseRuntimeProvider;
/// use futures::AsyncWriteExt;
/// use hickory_net::runtime::RuntimeProvider;
///
/// # fn main() -> std::io::Result<()> {
/// let server = std::net::TcpListener::bind("127.0.0.1:0")?;
/// let address = server.local_addr()?;
/// dormouse::block_on(async {
///     let mut stream = DormouseRuntimeProvider.connect_tcp(address, None, None).await?;
///     stream.write_all(b"question").await
/// })
/// # }
/// ```
#[derive(Debug)]
pub struct DormouseTcpStream(TcpStream);

impl DnsTcpStream for DormouseTcpStream {
    type Time = DormouseTime;
}

impl AsyncRead for DormouseTcpStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        AsyncRead::poll_read(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_read_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &mut [IoSliceMut<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncRead::poll_read_vectored(Pin::new(&mut self.0), cx, bufs)
    }
}

impl AsyncWrite for DormouseTcpStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write(Pin::new(&mut self.0), cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        AsyncWrite::poll_write_vectored(Pin::new(&mut self.0), cx, bufs)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_flush(Pin::new(&mut self.0), cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        AsyncWrite::poll_close(Pin::new(&mut self.0), cx)
    }
}
