//! epoll.
//!
//! Of several threads that wait, the kernel wakes one for an event, and that is the one that began to wait
//! last. Nothing here relies on it; but it is why a thread in the seat is not disturbed by the reactor's own.

use super::Token;
use crate::reactor::{Interest, Ready};
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, eventfd};
use rustix::io::Errno;
use rustix::time::Timespec;
use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::time::Duration;

/// How many events one wait returns at most.
const CAPACITY: usize = 256;

#[derive(Debug)]
pub(in super::super) struct Selector {
    epoll: OwnedFd,
    thread: OwnedFd,
    seat: OwnedFd,
}

impl Selector {
    pub(in super::super) fn new() -> io::Result<Selector> {
        let signal = || eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
        let selector = Selector {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            thread: signal()?,
            seat: signal()?,
        };
        for (fd, token) in
            [(&selector.thread, Token::WAKE_THREAD), (&selector.seat, Token::WAKE_POLLER)]
        {
            let flags = EventFlags::IN | EventFlags::ET;
            epoll::add(&selector.epoll, fd, EventData::new_u64(token.0), flags)?;
        }
        Ok(selector)
    }

    pub(in super::super) fn register(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, fd, EventData::new_u64(token.0), flags(interest))?)
    }

    /// Watches an fd for something else. What it is ready for by then is reported.
    pub(in super::super) fn reregister(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, fd, EventData::new_u64(token.0), flags(interest))?)
    }

    pub(in super::super) fn deregister(&self, fd: BorrowedFd<'_>) {
        // It was registered. An fd that its owner has closed all the same is out of the set already.
        let _ = epoll::delete(&self.epoll, fd);
    }

    /// Waits for events, in place of those of the last time.
    pub(in super::super) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.0.clear();
        // Whole milliseconds, rounded up: older kernels know no others.
        let timeout = timeout.map(|timeout| {
            let ms = timeout.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i64;
            Timespec { tv_sec: ms / 1000, tv_nsec: ms % 1000 * 1_000_000 }
        });
        let buffer = rustix::buffer::spare_capacity(&mut events.0);
        epoll::wait(&self.epoll, buffer, timeout.as_ref())?;
        Ok(())
    }

    /// Lets some waiting thread find `Token::THREAD` or `Token::SEAT`.
    pub(in super::super) fn signal(&self, token: Token) {
        let fd = if token == Token::WAKE_POLLER { &self.seat } else { &self.thread };
        let one = 1u64.to_ne_bytes();
        if rustix::io::write(fd, &one) == Err(Errno::AGAIN) {
            // Full, after 2^64 - 2 signals that nobody had to read.
            let _ = rustix::io::read(fd, &mut [0; 8]);
            let _ = rustix::io::write(fd, &one);
        }
    }
}

pub(in super::super) struct Events(Vec<epoll::Event>);

impl Events {
    pub(in super::super) fn new() -> Events {
        Events(Vec::with_capacity(CAPACITY))
    }

    /// Whether there may be more than these.
    #[cfg(feature = "test-util")]
    pub(in super::super) fn is_full(&self) -> bool {
        self.0.len() == self.0.capacity()
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (Token, Ready)> {
        self.0.iter().map(|event| (Token(event.data.u64()), readiness(event.flags)))
    }
}

/// Error conditions and hang-ups are always reported.
fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::ET;
    if interest.is_readable() {
        flags |= EventFlags::IN | EventFlags::RDHUP;
    }
    if interest.is_writable() {
        flags |= EventFlags::OUT;
    }
    if interest.is_priority() {
        flags |= EventFlags::PRI;
    }
    flags
}

/// As mio and tokio tell it, but that PRI alone is not taken for IN.
fn readiness(flags: EventFlags) -> Ready {
    let hang_up = flags.contains(EventFlags::HUP);
    let error = flags.contains(EventFlags::ERR);
    let mut ready = Ready::EMPTY;
    for (is, bit) in [
        (flags.contains(EventFlags::IN), Ready::READABLE),
        (flags.contains(EventFlags::PRI), Ready::PRIORITY),
        (flags.contains(EventFlags::OUT), Ready::WRITABLE),
        (hang_up || flags.contains(EventFlags::IN | EventFlags::RDHUP), Ready::READ_CLOSED),
        (
            hang_up
                || flags.contains(EventFlags::OUT | EventFlags::ERR)
                || flags == EventFlags::ERR,
            Ready::WRITE_CLOSED,
        ),
        (error, Ready::ERROR),
    ] {
        if is {
            ready |= bit;
        }
    }
    ready
}
