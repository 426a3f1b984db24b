//! The epoll instance of the mock [kernel](crate::loom_test::kernel).

use super::Token;
use crate::loom_test::kernel::{self, Epoll};
use crate::reactor::{Interest, Ready};
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// What a registration holds: nothing besides its token.
pub(in super::super) type Registered = ();

#[derive(Debug)]
pub(in super::super) struct Selector(Epoll);

/// What the mock reports for an interest.
fn watched(interest: Interest) -> Interest {
    if interest.is_with_urgent() { interest | Interest::PRIORITY } else { interest }
}

impl Selector {
    pub(in super::super) const CAN_BE_SHARED: bool = true;
    pub(in super::super) const WAIT_CALL: &str = "a wait";
    pub(in super::super) const IS_ONESHOT: bool = false;
    pub(in super::super) const MAX_FAILED_WAITS: u32 = 1;

    pub(in super::super) fn new() -> io::Result<Selector> {
        Ok(Selector(Epoll::new()))
    }

    pub(in super::super) fn register(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<Registered> {
        self.0.add(fd.as_raw_fd(), token.0, watched(interest))
    }

    pub(in super::super) fn reregister(
        &self,
        (): &Registered,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        self.0.modify(fd.as_raw_fd(), token.0, watched(interest))
    }

    pub(in super::super) fn deregister(&self, (): &Registered, fd: BorrowedFd<'_>) {
        self.0.delete(fd.as_raw_fd());
    }

    pub(in super::super) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.0 = self.0.wait(timeout)?;
        Ok(())
    }

    pub(in super::super) fn close_in_child(&self) {}

    pub(in super::super) fn signal(&self, token: Token) {
        self.0.signal(token.0);
    }
}

/// The kernel refuses files that it cannot watch.
#[inline]
pub(in crate::reactor) fn check_kind(_: BorrowedFd<'_>) -> io::Result<()> {
    Ok(())
}

pub(in crate::reactor) fn poll_now(fd: BorrowedFd<'_>, interest: Interest) -> io::Result<Ready> {
    Ok(state_now(fd)?.intersection(interest.mask()))
}

pub(in crate::reactor) fn state_now(fd: BorrowedFd<'_>) -> io::Result<Ready> {
    Ok(kernel::readiness(fd.as_raw_fd()))
}

pub(in crate::reactor) fn closed(now: Ready) -> Ready {
    now.intersection(Ready::READ_CLOSED | Ready::WRITE_CLOSED)
}

pub(in super::super) struct Events(Vec<(u64, Ready)>);

impl Events {
    pub(in super::super) fn new() -> Events {
        Events(Vec::new())
    }

    pub(in super::super) fn is_full(&self) -> bool {
        false
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (Token, Ready)> {
        self.0.iter().map(|&(token, ready)| (Token(token), ready))
    }
}
