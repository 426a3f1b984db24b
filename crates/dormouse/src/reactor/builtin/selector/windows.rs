//! Windows, through mio: an I/O completion port. Only the reactor thread waits.
//!
//! mio watches sockets of its own types alone. So it gets a duplicate of each socket, as a UDP socket: to the system, all
//! sockets are the same. The duplicate is only watched, and dropping it closes no connection.
//!
//! To watch a socket, mio starts a poll operation of the kernel. The operation completes at once if the socket is ready, and
//! otherwise when it becomes ready. mio then reports what is ready, stops watching for that, and goes on watching for the
//! rest. So an event is *oneshot*: it is reported once, until it is registered again; and that is *level-triggered*: it
//! checks the state of the socket.
//!
//! # Invariants
//! - No event is lost.
//!   A wait: (1) stores its waker in the `ScheduledIo`, (2) marks its interest as registered, (3) if it was not, calls
//!   [`reregister`](Selector::reregister) with everything that is marked.
//!   An event: (1) mio stops watching for it, (2) sets the readiness and clears the mark, in one atomic operation, (3) wakes
//!   the stored wakers.
//!   If a wait finds its interest marked at (2), event (2) is still to come, and (3) wakes it. If not, its (3) comes after
//!   event (1) of any event before, and the kernel checks the socket again. If event (1) comes between (2) and (3) of the
//!   wait, its (2) and (3) wake the wait, and there is one spurious event at most.
//! - `reregister` replaces what mio watches for. Of several waits for one socket, one is at (2) and (3) at a time, because
//!   `Registration` holds a lock. So what is marked when (3) reads it is a superset of what other waits rely on.
//! - A registration watches for its interest before anything is marked: when a socket has moved to this reactor, wakers are
//!   stored already. What it watches for stays in [`Watched::unmarked`] until a wait marks it.

mod mio_poll;

pub(in super::super) use mio_poll::Events;

use super::Token;
use crate::reactor::{Interest, Ready};
use crate::source::BorrowedSource;
use crate::sync::lock;
use mio::net::UdpSocket;
use mio_poll::{MioPoll, mio_interest, mio_token};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use std::io;
use std::sync::Mutex;
use std::time::Duration;

/// What is set if mio reports the write direction as closed: the connection was aborted, or could not be established.
const WRITE_CLOSED: Ready = Ready(Ready::WRITE_CLOSED.0 | Ready::ERROR.0);

#[derive(Debug)]
pub(in super::super) struct Selector(MioPoll);

/// What a registration holds.
#[derive(Debug)]
pub(in super::super) struct Registered(Mutex<Watched>);

#[derive(Debug)]
struct Watched {
    /// The duplicate.
    socket: UdpSocket,
    /// What is watched for although it is not marked.
    unmarked: Interest,
}

impl Selector {
    /// Whether several threads can wait at a time.
    pub(in super::super) const CAN_BE_SHARED: bool = false;
    /// The system call by which [`wait`](Self::wait) waits.
    pub(in super::super) const WAIT_CALL: &str = "GetQueuedCompletionStatusEx";
    /// Whether an event is reported once, until its interest is registered again.
    pub(in super::super) const IS_ONESHOT: bool = true;
    /// After so many failures in a row, a wait is not tried again. If the wait of a `mio::Poll` has failed before it began,
    /// the next one panics.
    pub(in super::super) const MAX_FAILED_WAITS: u32 = 1;

    pub(in super::super) fn new() -> io::Result<Selector> {
        Ok(Selector(MioPoll::new()?))
    }

    pub(in super::super) fn register(
        &self,
        socket: BorrowedSource<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<Registered> {
        let duplicate = std::net::UdpSocket::from(socket.try_clone_to_owned()?);
        let mut socket = UdpSocket::from_std(duplicate);
        self.0.registry.register(&mut socket, mio_token(token), mio_interest(interest))?;
        Ok(Registered(Mutex::new(Watched { socket, unmarked: interest })))
    }

    /// Watches for `marked`.
    pub(in super::super) fn reregister(
        &self,
        registered: &Registered,
        _: BorrowedSource<'_>,
        token: Token,
        marked: Interest,
    ) -> io::Result<()> {
        let watched = &mut *lock(&registered.0);
        watched.unmarked = watched.unmarked.remove(marked).unwrap_or(Interest::NONE);
        let interest = mio_interest(watched.unmarked | marked);
        self.0.registry.reregister(&mut watched.socket, mio_token(token), interest)
    }

    /// The socket of the user may be another one by now, if the object was replaced. The duplicate is not affected.
    pub(in super::super) fn deregister(&self, registered: &Registered, _: BorrowedSource<'_>) {
        let _ = self.0.registry.deregister(&mut lock(&registered.0).socket);
    }

    /// Waits for events, which replace the contents of `events`. The system rounds the timeout up, to milliseconds at
    /// least.
    pub(in super::super) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.clear();
        self.0.wait(events, timeout)
    }

    /// No process is forked.
    pub(in super::super) fn close_in_child(&self) {}

    /// Makes one wait, present or future, return `Token::WAKE_THREAD`. There is no poller to wake, because the selector
    /// cannot be shared.
    pub(in super::super) fn signal(&self, _: Token) {
        self.0.wake();
    }
}

/// Every socket can be watched.
#[inline]
pub(in crate::reactor) fn check_kind(_: BorrowedSource<'_>) -> io::Result<()> {
    Ok(())
}

/// What an event would report at this moment, of what a wait for `interest` completes with.
pub(in crate::reactor) fn poll_now(
    socket: BorrowedSource<'_>,
    interest: Interest,
) -> io::Result<Ready> {
    // WSAPoll. `PollFlags::IN` would include urgent data.
    let mut sockets = [PollFd::from_borrowed_fd(socket, PollFlags::RDNORM | PollFlags::OUT)];
    poll(&mut sockets, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    let found = sockets[0].revents();
    let mut ready = Ready::EMPTY;
    for (flag, bits) in [
        (PollFlags::RDNORM, Ready::READABLE),
        (PollFlags::OUT, Ready::WRITABLE),
        (PollFlags::HUP, Ready::READ_CLOSED),
        (PollFlags::ERR, Ready::READ_CLOSED | Ready::WRITE_CLOSED | Ready::ERROR),
    ] {
        if found.contains(flag) {
            ready |= bits;
        }
    }
    Ok(ready.intersection(interest.mask()))
}

/// What the socket is ready for at this moment.
pub(in crate::reactor) fn state_now(socket: BorrowedSource<'_>) -> io::Result<Ready> {
    poll_now(socket, Interest::ALL)
}

/// Which hang-ups stay if readiness is cleared in the state `now`.
pub(in crate::reactor) fn closed(now: Ready) -> Ready {
    now.intersection(Ready::READ_CLOSED | Ready::WRITE_CLOSED)
}
