//! QUIC: the [`Runtime`] of [noq] 1, the fork of quinn that iroh uses.

use crate::quic::Timer;
use dormouse::io::{AsyncFd, Interest, ReadyOwned};
use dormouse::task;
use noq::udp::{RecvMeta, Transmit, UdpSocketState};
use noq::{AsyncTimer, AsyncUdpSocket, Runtime, UdpSender};
use std::future::Future;
use std::io::{self, IoSliceMut};
use std::net::{SocketAddr, UdpSocket};
use std::num::NonZeroUsize;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Instant;

/// Sockets, timers and tasks for the endpoints of noq, on any executor.
///
/// ```
/// use dormouse_adapters::noq_1::DormouseRuntime;
/// use noq::{Endpoint, EndpointConfig};
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

    fn wrap_udp_socket(&self, socket: UdpSocket) -> io::Result<Box<dyn AsyncUdpSocket>> {
        let state = Arc::new(UdpSocketState::new((&socket).into())?);
        Ok(Box::new(Socket { fd: Arc::new(AsyncFd::new(socket)?), state }))
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

#[derive(Clone, Debug)]
struct Socket {
    fd: Arc<AsyncFd<UdpSocket>>,
    state: Arc<UdpSocketState>,
}

impl AsyncUdpSocket for Socket {
    fn create_sender(&self) -> Pin<Box<dyn UdpSender>> {
        let writable = self.fd.clone().writable_owned();
        Box::pin(Sender { socket: self.clone(), writable })
    }

    fn poll_recv(
        &mut self,
        cx: &mut Context<'_>,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> Poll<io::Result<usize>> {
        self.fd.poll_read_with(cx, |socket| self.state.recv(socket.into(), buffers, meta))
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.fd.get_ref().local_addr()
    }

    fn max_receive_segments(&self) -> NonZeroUsize {
        self.state.gro_segments()
    }

    fn may_fragment(&self) -> bool {
        self.state.may_fragment()
    }
}

/// Each task of noq that sends has its own, so each has its own waiter.
#[derive(Debug)]
struct Sender {
    socket: Socket,
    writable: ReadyOwned<UdpSocket>,
}

impl UdpSender for Sender {
    /// An error other than `WouldBlock` loses the datagram, as the network may: noq sends it again.
    fn poll_send(
        mut self: Pin<&mut Self>,
        transmit: &Transmit<'_>,
        cx: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            let ready = ready!(Pin::new(&mut self.writable).poll(cx));
            self.writable = self.socket.fd.clone().writable_owned();
            ready?;
            let Socket { fd, state } = &self.socket;
            let send = |socket: &UdpSocket| state.try_send(socket.into(), transmit);
            match fd.try_io(Interest::WRITABLE, send) {
                Err(err) if err.kind() == io::ErrorKind::WouldBlock => {}
                _sent_or_lost => return Poll::Ready(Ok(())),
            }
        }
    }

    fn max_transmit_segments(&self) -> NonZeroUsize {
        self.socket.state.max_gso_segments()
    }
}
