//! QUIC: the [`Runtime`] of [quinn] 0.11.

use crate::quic::Timer;
use dormouse::io::{AsyncFd, Interest, ReadyOwned};
use dormouse::task;
use quinn::udp::{RecvMeta, Transmit, UdpSocketState};
use quinn::{AsyncTimer, AsyncUdpSocket, Runtime, UdpPoller};
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// Sockets, timers and tasks for the endpoints of quinn, on any executor.
///
/// ```
/// use dormouse_adapters::quinn_0_11::DormouseRuntime;
/// use quinn::{Endpoint, EndpointConfig};
/// use std::net::UdpSocket;
/// use std::sync::Arc;
///
/// # fn main() -> std::io::Result<()> {
/// let socket = UdpSocket::bind("127.0.0.1:0")?;
/// let runtime = Arc::new(DormouseRuntime::new());
/// let client = Endpoint::new(EndpointConfig::default(), None, socket, runtime)?;
/// # drop(client);
/// # Ok(())
/// # }
/// ```
pub use crate::quic::DormouseRuntime;

impl Runtime for DormouseRuntime {
    fn new_timer(&self, deadline: Instant) -> Pin<Box<dyn AsyncTimer>> {
        Box::pin(self.timer(deadline))
    }

    fn spawn(&self, future: Pin<Box<dyn Future<Output = ()> + Send>>) {
        drop(task::spawn(future));
    }

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let state = UdpSocketState::new((&socket).into())?;
        Ok(Arc::new(Socket { fd: Arc::new(AsyncFd::new(socket)?), state }))
    }

    fn now(&self) -> Instant {
        self.clock.now()
    }
}

impl AsyncTimer for Timer {
    fn reset(mut self: Pin<&mut Self>, deadline: Instant) {
        self.set_deadline(deadline);
    }

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Future::poll(self, cx)
    }
}

#[derive(Debug)]
struct Socket {
    fd: Arc<AsyncFd<UdpSocket>>,
    state: UdpSocketState,
}

impl AsyncUdpSocket for Socket {
    fn create_io_poller(self: Arc<Self>) -> Pin<Box<dyn UdpPoller>> {
        let writable = self.fd.clone().writable_owned();
        Box::pin(WritablePoller { fd: self.fd.clone(), writable })
    }

    fn try_send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        self.fd.try_io(Interest::WRITABLE, |socket| self.state.send(socket.into(), transmit))
    }

    fn poll_recv(
        &self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.fd.poll_read_with(cx, |socket| self.state.recv(socket.into(), buffers, meta))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.fd.get_ref().local_addr()
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

/// Waits until the socket is writable. Each connection of quinn has its own, so each has its own waiter.
#[derive(Debug)]
struct WritablePoller {
    fd: Arc<AsyncFd<UdpSocket>>,
    writable: ReadyOwned<UdpSocket>,
}

impl UdpPoller for WritablePoller {
    fn poll_writable(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let ready = ready!(Pin::new(&mut self.writable).poll(cx));
        self.writable = self.fd.clone().writable_owned();
        Poll::Ready(ready.map(drop))
    }
}
