//! A socket that is registered with a runtime. tokio has no `AsyncFd` on Windows, and watches sockets of its own types
//! alone. So it gets a duplicate of each socket, as a UDP socket: to the system, all sockets are the same.
//!
//! tokio stores the readiness of a socket until that is cleared. To clear it makes mio check the state of the socket again,
//! and report it again if the socket is still ready. So it is not cleared when an event arrives, as on Unix, but by the next
//! wait: that makes it oneshot and level-triggered, like async-io.
//!
//! # Invariants
//! - No event is lost.
//!   A wait: (1) stores its waker in the `ScheduledIo`, (2) marks its direction as registered, (3) if it was not, clears the
//!   readiness in tokio, and polls tokio, which stores a waker of `oneshot`, or returns a newer event.
//!   An event: (1) tokio stores the readiness and calls that waker, (2) the waker sets the readiness in the `ScheduledIo`
//!   and clears the mark, in one atomic operation, (3) wakes the stored wakers.
//!   So a wait that finds the direction marked is woken by that event.
//! - tokio is polled unconstrained. With its coop budget spent, it would call the waker from inside the poll.

use super::{Handle, can_enter, driver};
use crate::reactor::oneshot::OneshotWakers;
use crate::reactor::scheduled_io::{BackendKind, Direction, ScheduledIo};
use crate::reactor::{Interest, Ready};
use crate::source::BorrowedSource;
use crate::sync::{Mutex, lock};
use std::future::{Future, poll_fn};
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};
use tokio::net::UdpSocket;

pub(in crate::reactor) const KIND: BackendKind = BackendKind::Oneshot;

/// A socket that is registered with a runtime.
#[derive(Debug)]
pub(in crate::reactor) struct TokioRegistration {
    io: Arc<ScheduledIo>,
    handle: Handle,
    /// The duplicate. `None` once deregistered.
    socket: Mutex<Option<UdpSocket>>,
    oneshot_wakers: OneshotWakers,
}

/// What remains to be done after a registration has been replaced: what was marked as registered has to be registered
/// again. The caller releases its locks before.
#[must_use]
pub(in crate::reactor) struct Drain(Arc<ScheduledIo>);

impl Drain {
    pub(in crate::reactor) fn run(self) {
        self.0.unregister(Interest::READABLE | Interest::WRITABLE);
    }
}

pub(in crate::reactor) fn register(
    handle: &Handle,
    socket: BorrowedSource<'_>,
    _: Interest,
    io: &Arc<ScheduledIo>,
) -> io::Result<TokioRegistration> {
    Ok(TokioRegistration {
        io: io.clone(),
        handle: handle.clone(),
        socket: Mutex::new(Some(duplicate(handle, socket)?)),
        oneshot_wakers: OneshotWakers::new(io),
    })
}

fn duplicate(handle: &Handle, socket: BorrowedSource<'_>) -> io::Result<UdpSocket> {
    if !can_enter() {
        return Err(io::Error::other("this thread is ending, and cannot enter a tokio runtime"));
    }
    let duplicate = std::net::UdpSocket::from(socket.try_clone_to_owned()?);
    let _context = handle.enter();
    // If this line panics, the runtime has no I/O. The first such panic of a runtime is caught (`driver`).
    let socket = UdpSocket::from_std(duplicate)?;
    driver::note_registered(handle);
    Ok(socket)
}

/// Tries to register a socket. Panics if the runtime has no I/O.
pub(super) fn probe(handle: &Handle) {
    use socket2::{Domain, Socket, Type};
    let Ok(socket) = Socket::new(Domain::IPV4, Type::DGRAM, None) else { return };
    let _context = handle.enter();
    drop(UdpSocket::from_std(socket.into()));
}

impl TokioRegistration {
    /// No process is forked.
    pub(in crate::reactor) fn forget_in_child(self) {}

    pub(in crate::reactor) fn deregister(self, _: BorrowedSource<'_>) {
        drop(lock(&self.socket).take());
    }

    /// A wait calls [`arm`](Self::arm).
    pub(in crate::reactor) fn register_interest(
        &mut self,
        _: &Handle,
        _: &Arc<ScheduledIo>,
        _: BorrowedSource<'_>,
        _: Interest,
        _: Interest,
    ) -> io::Result<Drain> {
        Ok(Drain(self.io.clone()))
    }

    /// Replaces the registration by a new one.
    pub(in crate::reactor) fn register_again(
        &mut self,
        handle: &Handle,
        _: &Arc<ScheduledIo>,
        socket: BorrowedSource<'_>,
        _: Interest,
    ) -> io::Result<Drain> {
        let registered = &mut *lock(&self.socket);
        *registered = None;
        *registered = Some(duplicate(handle, socket)?);
        Ok(Drain(self.io.clone()))
    }

    /// Registers the directions of `interest` that are not registered, for one event. If tokio returns an event at once,
    /// returns that; then the direction is not registered.
    ///
    /// # Errors
    /// If the runtime has shut down.
    pub(in crate::reactor) fn arm(&self, interest: Interest) -> Option<io::Result<Ready>> {
        let registered = lock(&self.socket);
        let Some(socket) = &*registered else { return Some(Ok(Ready::EMPTY)) };
        let mut ready = Ready::EMPTY;
        for (direction, waker) in self.oneshot_wakers.to_register(interest) {
            match arm(socket, direction, waker) {
                Poll::Pending => {}
                Poll::Ready(Ok(seen)) => ready |= seen,
                Poll::Ready(Err(err)) => {
                    driver::mark_shut_down(&self.handle);
                    return Some(Err(err));
                }
            }
        }
        Some(Ok(ready))
    }
}

/// Clears the readiness of a direction in tokio, and polls for the next event.
fn arm(socket: &UdpSocket, direction: Direction, waker: &Waker) -> Poll<io::Result<Ready>> {
    let (interest, ready) = match direction {
        Direction::Read => (tokio::io::Interest::READABLE, Ready::READABLE),
        Direction::Write => (tokio::io::Interest::WRITABLE, Ready::WRITABLE),
    };
    // Does nothing if tokio knows of no readiness: then mio watches for it.
    let _ = socket.try_io(interest, || Err::<(), _>(io::ErrorKind::WouldBlock.into()));
    let poll = poll_fn(|cx| match direction {
        Direction::Read => socket.poll_recv_ready(cx),
        Direction::Write => socket.poll_send_ready(cx),
    });
    let cx = &mut Context::from_waker(waker);
    pin!(tokio::task::unconstrained(poll)).poll(cx).map_ok(|()| ready)
}
