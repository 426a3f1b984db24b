//! What the selectors for Windows and for Unix systems other than Linux share: a `mio::Poll`, in which one thread waits.

use super::super::Token;
use super::WRITE_CLOSED;
use crate::reactor::{Interest, Ready};
use crate::sync::lock;
use std::io;
use std::sync::{Mutex, TryLockError};
use std::time::Duration;

/// How many events one wait returns at most.
const CAPACITY: usize = 256;

#[derive(Debug)]
pub(super) struct MioPoll {
    poll: Mutex<mio::Poll>,
    pub(super) registry: mio::Registry,
    waker: mio::Waker,
}

impl MioPoll {
    pub(super) fn new() -> io::Result<MioPoll> {
        let poll = mio::Poll::new()?;
        let registry = poll.registry().try_clone()?;
        let waker = mio::Waker::new(&registry, mio_token(Token::WAKE_THREAD))?;
        Ok(MioPoll { poll: Mutex::new(poll), registry, waker })
    }

    /// Waits for events, and adds them to `events`, which is empty. While another thread waits, that one gets all events, and
    /// a call that must not block returns none.
    pub(super) fn wait(&self, events: &mut Events, timeout: Option<Duration>) -> io::Result<()> {
        let mut poll = match self.poll.try_lock() {
            Ok(poll) => poll,
            Err(TryLockError::WouldBlock) if timeout == Some(Duration::ZERO) => return Ok(()),
            Err(_) => lock(&self.poll),
        };
        poll.poll(&mut events.0, timeout)
    }

    /// Makes one wait, present or future, return `Token::WAKE_THREAD`.
    pub(super) fn wake(&self) {
        let _ = self.waker.wake();
    }
}

pub(in crate::reactor::builtin) struct Events(mio::Events);

impl Events {
    pub(in crate::reactor::builtin) fn new() -> Events {
        Events(mio::Events::with_capacity(CAPACITY))
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// Whether there may be more events than these.
    pub(in crate::reactor::builtin) fn is_full(&self) -> bool {
        self.0.iter().count() >= CAPACITY
    }

    pub(in crate::reactor::builtin) fn iter(&self) -> impl Iterator<Item = (Token, Ready)> {
        self.0.iter().map(|event| {
            // `mio::Token` holds a usize, which has 32 or 64 bits. So `WAKE_THREAD` may come back truncated.
            let token = match event.token().0 {
                usize::MAX => Token::WAKE_THREAD,
                token => Token(token as u64),
            };
            (token, readiness(event))
        })
    }
}

pub(super) fn mio_token(token: Token) -> mio::Token {
    mio::Token(token.0 as usize)
}

pub(super) fn mio_interest(interest: Interest) -> mio::Interest {
    match (interest.is_readable(), interest.is_writable()) {
        (true, true) => mio::Interest::READABLE | mio::Interest::WRITABLE,
        (false, true) => mio::Interest::WRITABLE,
        // Error conditions are reported with any interest, but mio requires at least one.
        _ => mio::Interest::READABLE,
    }
}

fn readiness(event: &mio::event::Event) -> Ready {
    let mut ready = Ready::EMPTY;
    for (is_set, bits) in [
        (event.is_readable(), Ready::READABLE),
        (event.is_writable(), Ready::WRITABLE),
        (event.is_read_closed(), Ready::READ_CLOSED),
        (event.is_write_closed(), WRITE_CLOSED),
        (event.is_error(), Ready::ERROR),
    ] {
        if is_set {
            ready |= bits;
        }
    }
    ready
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;
    use std::thread;

    #[test]
    fn a_wait_that_must_not_block_returns_although_another_thread_waits() {
        let poll = &MioPoll::new().unwrap();
        let (returned, wait) = channel();
        thread::scope(|scope| {
            scope.spawn(|| poll.wait(&mut Events::new(), None).unwrap());
            while poll.poll.try_lock().is_ok() {
                thread::yield_now();
            }
            scope.spawn(move || {
                let returned = wait.recv_timeout(Duration::from_secs(10));
                poll.wake();
                returned.expect("the wait blocks");
            });
            poll.wait(&mut Events::new(), Some(Duration::ZERO)).unwrap();
            returned.send(()).unwrap();
        });
    }
}
