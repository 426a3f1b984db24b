//! Unix systems other than Linux and Android, through mio. Only the reactor thread waits.

mod mio_poll;

pub(in super::super) use mio_poll::Events;

use super::Token;
use super::timeout::wait_until_ready;
use crate::reactor::{Interest, Ready};
use crate::stdio::take_free_stdio;
use mio::unix::SourceFd;
use mio_poll::{MioPoll, mio_interest, mio_token};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use rustix::time::Timespec;
use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};
use std::time::Duration;

/// What is set if mio reports the write direction as closed.
const WRITE_CLOSED: Ready = Ready::WRITE_CLOSED;

/// What a registration holds: nothing besides its token.
pub(in super::super) type Registered = ();

#[derive(Debug)]
pub(in super::super) struct Selector(MioPoll);

impl Selector {
    /// Whether several threads can wait at a time.
    pub(in super::super) const CAN_BE_SHARED: bool = false;
    /// The system call by which [`wait`](Self::wait) waits.
    pub(in super::super) const WAIT_CALL: &str = "kevent";
    /// Whether an event is reported once, until its interest is registered again.
    pub(in super::super) const IS_ONESHOT: bool = false;
    /// After so many failures in a row, a wait is not tried again.
    pub(in super::super) const MAX_FAILED_WAITS: u32 = 20;

    pub(in super::super) fn new() -> io::Result<Selector> {
        let _taken = take_free_stdio();
        Ok(Selector(MioPoll::new()?))
    }

    pub(in super::super) fn register(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<Registered> {
        let (token, interest) = (mio_token(token), mio_interest(interest));
        self.0.registry.register(&mut SourceFd(&fd.as_raw_fd()), token, interest)
    }

    /// Sets the interest.
    pub(in super::super) fn reregister(
        &self,
        (): &Registered,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        let (token, interest) = (mio_token(token), mio_interest(interest));
        self.0.registry.reregister(&mut SourceFd(&fd.as_raw_fd()), token, interest)
    }

    pub(in super::super) fn deregister(&self, (): &Registered, fd: BorrowedFd<'_>) {
        let _ = self.0.registry.deregister(&mut SourceFd(&fd.as_raw_fd()));
    }

    /// Waits for events, which replace the contents of `events`.
    pub(in super::super) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.clear();
        self.0.wait(events, wait_until_ready(&self.0.registry, timeout)?)
    }

    /// A child of `fork` does not inherit a kqueue. It inherits an epoll instance (of illumos), which stays open: mio does
    /// not expose its fds.
    pub(in super::super) fn close_in_child(&self) {}

    /// Makes one wait, present or future, return `Token::WAKE_THREAD`. There is no poller to wake, because the selector
    /// cannot be shared.
    pub(in super::super) fn signal(&self, _: Token) {
        self.0.wake();
    }
}

/// Refuses files that are always ready, with the error of epoll. A kqueue accepts them, but reports nothing at the end of
/// the file, and on some systems nothing to a writer.
pub(in crate::reactor) fn check_kind(fd: BorrowedFd<'_>) -> io::Result<()> {
    match FileType::from_raw_mode(fstat(fd)?.st_mode) {
        FileType::RegularFile | FileType::Directory | FileType::BlockDevice => {
            Err(Errno::PERM.into())
        }
        _ => Ok(()),
    }
}

/// The flag of poll(2) for the end of a stream. Empty on systems that do not have it, such as Apple's.
fn read_hang_up() -> PollFlags {
    PollFlags::from_name("RDHUP").unwrap_or(PollFlags::empty())
}

/// What an event would report at this moment, of what a wait for `interest` completes with. Urgent data is never reported
/// by an event, but async-io may report it as readiness to read.
pub(in crate::reactor) fn poll_now(fd: BorrowedFd<'_>, interest: Interest) -> io::Result<Ready> {
    let read_hang_up = read_hang_up();
    let wanted = PollFlags::IN | PollFlags::OUT | PollFlags::PRI | read_hang_up;
    let mut fds = [PollFd::from_borrowed_fd(fd, wanted)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    let found = fds[0].revents();
    let mut ready = Ready::EMPTY;
    for (flag, bits) in [
        (PollFlags::IN, Ready::READABLE),
        (PollFlags::OUT, Ready::WRITABLE),
        (PollFlags::PRI, Ready::URGENT),
        (read_hang_up, Ready::READ_CLOSED),
        (PollFlags::HUP, Ready::READ_CLOSED | Ready::WRITE_CLOSED),
        (PollFlags::ERR, Ready::ERROR),
    ] {
        if found.intersects(flag) {
            ready |= bits;
        }
    }
    Ok(ready.intersection(interest.mask()))
}

/// What the fd is ready for at this moment. An error does not count as closed.
pub(in crate::reactor) fn state_now(fd: BorrowedFd<'_>) -> io::Result<Ready> {
    poll_now(fd, Interest::ALL)
}

/// Which hang-ups stay if readiness is cleared in the state `now`. Where poll(2) reports the end of a stream as readable
/// only, everything that is readable counts as closed for reading.
pub(in crate::reactor) fn closed(now: Ready) -> Ready {
    let may_be_end = read_hang_up().is_empty() && now.intersects(Ready::READABLE);
    let end = if may_be_end { Ready::READ_CLOSED } else { Ready::EMPTY };
    end | now.intersection(Ready::READ_CLOSED | Ready::WRITE_CLOSED)
}
