//! An epoll instance, with one eventfd for each of the two signals.
//!
//! Of several threads that wait, the kernel wakes one for an event: the one that began to wait last. Correctness does
//! not depend on that order, but it is why the poller gets its events although the reactor thread waits too.

use super::Token;
use super::timeout::wait_until_ready;
use crate::fork::fds;
use crate::reactor::error::cannot;
use crate::reactor::{Interest, Ready};
use crate::stdio::above_stdio;
use rustix::event::epoll::{self, CreateFlags, EventData, EventFlags};
use rustix::event::{EventfdFlags, PollFd, PollFlags, eventfd, poll};
use rustix::time::Timespec;
use std::fs;
use std::io::{self, BufRead};
use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::Duration;

/// How many events one wait returns at most.
const CAPACITY: usize = 256;

/// What a registration holds: nothing besides its token.
pub(in super::super) type Registered = ();

#[derive(Debug)]
pub(in super::super) struct Selector {
    epoll: OwnedFd,
    /// An eventfd. It is not read: with `EPOLLET`, each write is reported as an event.
    wake_thread: OwnedFd,
    /// As `wake_thread`.
    wake_poller: OwnedFd,
}

impl Selector {
    /// Whether several threads can wait at a time.
    pub(in super::super) const CAN_BE_SHARED: bool = true;
    /// The system call by which [`wait`](Self::wait) waits.
    pub(in super::super) const WAIT_CALL: &str = "epoll_pwait";
    /// Whether an event is reported once, until its interest is registered again.
    pub(in super::super) const IS_ONESHOT: bool = false;
    /// After so many failures in a row, a wait is not tried again.
    pub(in super::super) const MAX_FAILED_WAITS: u32 = 20;

    pub(in super::super) fn new() -> io::Result<Selector> {
        let signal = || {
            let fd = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK);
            above_stdio(named("eventfd", fd)?)
        };
        let selector = Selector {
            epoll: above_stdio(named("epoll_create1", epoll::create(CreateFlags::CLOEXEC))?)?,
            wake_thread: signal()?,
            wake_poller: signal()?,
        };
        for (fd, token) in [
            (&selector.wake_thread, Token::WAKE_THREAD),
            (&selector.wake_poller, Token::WAKE_POLLER),
        ] {
            let flags = EventFlags::IN | EventFlags::ET;
            let added = epoll::add(&selector.epoll, fd, EventData::new_u64(token.0), flags);
            named("epoll_ctl", added)?;
        }
        Ok(selector)
    }

    pub(in super::super) fn register(
        &self,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<Registered> {
        Ok(epoll::add(&self.epoll, fd, EventData::new_u64(token.0), flags(interest))?)
    }

    /// Sets the interest. If the fd is ready for it already, an event is reported.
    pub(in super::super) fn reregister(
        &self,
        (): &Registered,
        fd: BorrowedFd<'_>,
        token: Token,
        interest: Interest,
    ) -> io::Result<()> {
        Ok(epoll::modify(&self.epoll, fd, EventData::new_u64(token.0), flags(interest))?)
    }

    pub(in super::super) fn deregister(&self, (): &Registered, fd: BorrowedFd<'_>) {
        // Fails only if the owner has closed the fd, which has removed it from the epoll instance.
        let _ = epoll::delete(&self.epoll, fd);
    }

    /// Waits for events, which replace the contents of `events`.
    pub(in super::super) fn wait(
        &self,
        events: &mut Events,
        timeout: Option<Duration>,
    ) -> io::Result<()> {
        events.0.clear();
        let timeout = wait_until_ready(&self.epoll, timeout)?.map(|timeout| {
            let ms = timeout.as_nanos().div_ceil(1_000_000).min(i32::MAX as u128) as i64;
            Timespec { tv_sec: ms / 1000, tv_nsec: ms % 1000 * 1_000_000 }
        });
        let buffer = rustix::buffer::spare_capacity(&mut events.0);
        epoll::wait(&self.epoll, buffer, timeout.as_ref())?;
        Ok(())
    }

    /// In the child of a fork, closes its copies of the fds, unless the program has closed the epoll instance itself: then
    /// the numbers may be those of other files by now.
    pub(in super::super) fn close_in_child(&self) {
        let signals =
            [(&self.wake_thread, Token::WAKE_THREAD), (&self.wake_poller, Token::WAKE_POLLER)];
        if !self.has_entries(signals) {
            return;
        }
        for (fd, _) in signals {
            let link = fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()));
            if link.is_ok_and(|link| link.as_os_str() == "anon_inode:[eventfd]") {
                fds::close(fd.as_raw_fd());
            }
        }
        fds::close(self.epoll.as_raw_fd());
    }

    /// Whether `epoll` is an epoll instance with these fds and tokens.
    fn has_entries(&self, entries: [(&OwnedFd, Token); 2]) -> bool {
        let Ok(info) = fs::File::open(fds::info_path(self.epoll.as_raw_fd())) else { return false };
        let mut missing = entries.map(|(fd, Token(token))| Some((fd.as_raw_fd(), token)));
        // "tfd: 7 events: 80000001 data: ffffffffffffffff ...". There may be many entries.
        for line in io::BufReader::new(info).lines().map_while(Result::ok) {
            let mut words = line.split_ascii_whitespace();
            let (Some("tfd:"), Some(fd)) = (words.next(), words.next()) else { continue };
            let token = words.nth(3).and_then(|token| u64::from_str_radix(token, 16).ok());
            let found = fd.parse().ok().zip(token);
            missing.iter_mut().for_each(|entry| *entry = entry.filter(|_| *entry != found));
            if missing == [None, None] {
                return true;
            }
        }
        false
    }

    /// Makes one wait, present or future, return `token`, which is one of the two signals.
    pub(in super::super) fn signal(&self, token: Token) {
        let fd = if token == Token::WAKE_POLLER { &self.wake_poller } else { &self.wake_thread };
        if rustix::io::write(fd, &1u64.to_ne_bytes()).is_err() {
            // The counter is full, after 2^64 - 2 signals, or a seccomp filter refuses this thread the write. Setting an
            // interest for which the fd is ready reports an event too.
            let (token, flags) =
                (EventData::new_u64(token.0), EventFlags::IN | EventFlags::OUT | EventFlags::ET);
            let _ = epoll::modify(&self.epoll, fd, token, flags);
        }
    }
}

/// Adds the name of the system call to an error.
fn named<T>(call: &str, result: rustix::io::Result<T>) -> io::Result<T> {
    result.map_err(|err| cannot(call, &err.into()))
}

/// The kernel refuses files that it cannot watch.
#[inline]
pub(in crate::reactor) fn check_kind(_: BorrowedFd<'_>) -> io::Result<()> {
    Ok(())
}

/// What an event would report at this moment, of what a wait for `interest` completes with.
pub(in crate::reactor) fn poll_now(fd: BorrowedFd<'_>, interest: Interest) -> io::Result<Ready> {
    Ok(readiness(poll_flags(fd, interest)?).intersection(interest.mask()))
}

/// What the fd is ready for at this moment. Unlike in an event, an error does not count as closed.
pub(in crate::reactor) fn state_now(fd: BorrowedFd<'_>) -> io::Result<Ready> {
    let found = poll_flags(fd, Interest::ALL)?;
    let mut ready = readiness(found);
    if !found.contains(EventFlags::HUP) {
        ready = ready.without(Ready::WRITE_CLOSED);
    }
    Ok(ready)
}

/// Which hang-ups stay if readiness is cleared in the state `now`.
pub(in crate::reactor) fn closed(now: Ready) -> Ready {
    now.intersection(Ready::READ_CLOSED | Ready::WRITE_CLOSED)
}

/// The flags of poll(2), as those of epoll.
const POLL_FLAGS: [(EventFlags, PollFlags); 6] = [
    (EventFlags::IN, PollFlags::IN),
    (EventFlags::OUT, PollFlags::OUT),
    (EventFlags::PRI, PollFlags::PRI),
    (EventFlags::RDHUP, PollFlags::RDHUP),
    (EventFlags::ERR, PollFlags::ERR),
    (EventFlags::HUP, PollFlags::HUP),
];

fn poll_flags(fd: BorrowedFd<'_>, interest: Interest) -> io::Result<EventFlags> {
    let (wanted, mut poll_wanted) = (flags(interest), PollFlags::empty());
    for (_, flag) in POLL_FLAGS.iter().filter(|(flag, _)| wanted.contains(*flag)) {
        poll_wanted |= *flag;
    }
    let mut fds = [PollFd::from_borrowed_fd(fd, poll_wanted)];
    poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 }))?;
    let found = fds[0].revents();
    let found = POLL_FLAGS.iter().filter(|(_, flag)| found.contains(*flag));
    Ok(found.fold(EventFlags::empty(), |found, (flag, _)| found | *flag))
}

pub(in super::super) struct Events(Vec<epoll::Event>);

impl Events {
    pub(in super::super) fn new() -> Events {
        Events(Vec::with_capacity(CAPACITY))
    }

    /// Whether there may be more events than these.
    pub(in super::super) fn is_full(&self) -> bool {
        self.0.len() == self.0.capacity()
    }

    pub(in super::super) fn iter(&self) -> impl Iterator<Item = (Token, Ready)> {
        self.0.iter().map(|event| (Token(event.data.u64()), readiness(event.flags)))
    }
}

/// epoll reports error conditions and hang-ups with any flags.
fn flags(interest: Interest) -> EventFlags {
    let mut flags = EventFlags::ET;
    if interest.is_readable() {
        flags |= EventFlags::IN | EventFlags::RDHUP;
    }
    if interest.is_writable() {
        flags |= EventFlags::OUT;
    }
    if interest.is_with_urgent() {
        flags |= EventFlags::PRI;
    }
    if interest.is_priority() {
        // IN, because a pseudoterminal in packet mode wakes for a change of its state with IN alone, and epoll ignores a
        // wake-up without a registered flag. A wait for priority does not end because of IN.
        flags |= EventFlags::PRI | EventFlags::IN | EventFlags::RDHUP;
    }
    flags
}

/// Translates as mio and tokio do, except that PRI alone does not count as IN, and that RDHUP counts without IN.
fn readiness(flags: EventFlags) -> Ready {
    let hang_up = flags.contains(EventFlags::HUP);
    let error = flags.contains(EventFlags::ERR);
    let mut ready = Ready::EMPTY;
    for (is_set, bit) in [
        (flags.contains(EventFlags::IN), Ready::READABLE),
        (flags.contains(EventFlags::PRI), Ready::PRIORITY),
        (flags.contains(EventFlags::OUT), Ready::WRITABLE),
        (hang_up || flags.contains(EventFlags::RDHUP), Ready::READ_CLOSED),
        (
            hang_up
                || flags.contains(EventFlags::OUT | EventFlags::ERR)
                || flags == EventFlags::ERR,
            Ready::WRITE_CLOSED,
        ),
        (error, Ready::ERROR),
    ] {
        if is_set {
            ready |= bit;
        }
    }
    ready
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_signal_is_reported_although_its_eventfd_refuses_the_write() {
        let selector = Selector::new().unwrap();
        let mut events = Events::new();
        let mut wait = || {
            selector.wait(&mut events, Some(Duration::from_secs(1))).unwrap();
            events.iter().map(|(token, _)| token).collect::<Vec<_>>()
        };
        // The highest value: a further write fails with EAGAIN.
        rustix::io::write(&selector.wake_thread, &(u64::MAX - 1).to_ne_bytes()).unwrap();
        assert_eq!(wait(), [Token::WAKE_THREAD]);
        for _ in 0..2 {
            selector.signal(Token::WAKE_THREAD);
            assert_eq!(wait(), [Token::WAKE_THREAD]);
        }
        selector.signal(Token::WAKE_POLLER);
        assert_eq!(wait(), [Token::WAKE_POLLER]);
    }
}
