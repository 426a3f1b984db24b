//! What the adapters of hickory 0.25 and 0.26 have in common: the types, and the traits that have not changed.
//!
//! The traits are in another crate in each version, so [`hickory_traits`] implements them for one version, which its caller
//! imports.

use dormouse::net::{TcpSocket, TcpStream, UdpSocket};
use dormouse::timeout;
use futures_io::{AsyncRead, AsyncWrite};
use std::io::{self, IoSlice, IoSliceMut};
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Its connections have 5 s to be established, unless the resolver names a time.
#[doc(alias = "TokioRuntimeProvider")]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseRuntimeProvider;

/// Each task ends when the resolver and its lookups are dropped.
#[doc(alias = "TokioHandle")]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseHandle;

/// In a test with virtual time, its timers are virtual.
#[doc(alias = "TokioTime")]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseTime;

/// Any number of tasks can wait in `recv_from` and `send_to`. The functions that poll wake the last task in each direction.
#[derive(Debug)]
pub struct DormouseUdpSocket(pub(crate) UdpSocket);

/// Dropping it closes the connection.
#[derive(Debug)]
pub struct DormouseTcpStream(TcpStream);

/// As long as hickory's own providers wait for a connection, unless the caller names a time.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

pub(crate) async fn connect(
    server: SocketAddr,
    bind: Option<SocketAddr>,
    limit: Option<Duration>,
) -> io::Result<DormouseTcpStream> {
    let socket = if server.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    if let Some(address) = bind {
        socket.bind(address)?;
    }
    socket.set_nodelay(true)?;
    let limit = limit.unwrap_or(CONNECT_TIMEOUT);
    let stream = timeout(limit, socket.connect(server)).await.map_err(|_| {
        let reason = format!("no connection to {server} within {limit:?}");
        io::Error::new(io::ErrorKind::TimedOut, reason)
    })?;
    stream.map(DormouseTcpStream)
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

/// Implements the traits of one version. The arguments are the functions of `Time` that the other does not have.
macro_rules! hickory_traits {
    ($($time:tt)*) => {
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
                Box::pin(connect(server, bind, limit))
            }

            fn bind_udp(
                &self,
                local: SocketAddr,
                _server: SocketAddr,
            ) -> Pin<Box<dyn Send + Future<Output = io::Result<DormouseUdpSocket>>>> {
                Box::pin(async move { UdpSocket::bind(local).await.map(DormouseUdpSocket) })
            }
        }

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

            $($time)*
        }

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

        impl DnsTcpStream for DormouseTcpStream {
            type Time = DormouseTime;
        }
    };
}

pub(crate) use hickory_traits;
