//! The reactor that needs no executor: threads that wait in epoll or kqueue.
//!
//! One of these threads is the reactor's own, named `dormouse`. It starts when it is needed: see [`thread`]. It runs
//! even if the system refuses an epoll instance (EMFILE): then it parks, and the next fd that is registered tries to
//! create the instance again. Before each wait the thread calls a [`Hook`], which the fallback for timerfds installs.
//! The hook calls the wakers that are due, and returns a timeout for the wait.
//!
//! A thread in `block_on` can poll for events too: see [`poller`]. While events keep coming, the reactor thread polls for
//! a moment before it blocks, and under load it sleeps before it takes events: see [`busy_poll`]. [`selector`] wraps the
//! system's interface. [`flush`] waits until pending events have been delivered. This module knows no timer.
//!
//! # Invariants
//! - Tokens are never reused. So if an fd is deregistered after a wait has returned its event, and before the event is
//!   dispatched, the event finds no `ScheduledIo`, even if the number of the fd is in use again.
//! - A change that the hook must see is not missed.
//!   The thread: (1) calls the hook, (2) waits.
//!   The other side: (1) disables the poller role, (2) makes the change, (3) calls [`wake_thread`], whose signal stays
//!   pending until a wait of the thread consumes it.
//!   So either the hook sees the change, or the wait returns and the thread calls the hook again.
//! - Each event that a wait returns is delivered to its `ScheduledIo`, if the fd is still registered, by the thread
//!   that waited. If the poller role was disabled meanwhile, the reactor thread calls the wakers.
//! - The events of a wait are delivered under the lock of the registrations, and then their wakers are called without it.
//!   The lock of the waiters of a `ScheduledIo` is taken inside that lock, and never the other way round.

#[cfg_attr(all(loom, test), path = "builtin/busy_poll/absent.rs")]
mod busy_poll;
#[cfg_attr(not(feature = "test-util"), path = "builtin/flush/absent.rs")]
mod flush;
#[cfg(all(loom, test))]
mod loom_tests;
mod poller;
mod selector;
#[cfg_attr(windows, path = "builtin/spawn/windows.rs")]
pub(super) mod spawn;
#[cfg(all(test, not(loom)))]
mod tests;
mod thread;

#[cfg(feature = "test-util")]
pub(crate) use flush::flush_events;
pub(crate) use poller::{Parker, PollOrPark, wake_or_defer};
pub(crate) use thread::{
    has_thread, note_waiter, serve_all_by_thread, start, start_with_hook, wake_thread,
};

pub(super) use selector::{check_kind, closed, poll_now, state_now};
pub(super) use thread::{check_failure, note_fd_waiter};

use super::error::cannot;
use super::scheduled_io::ScheduledIo;
use super::{Interest, Ready};
use crate::fork::PerProcess;
use crate::source::BorrowedSource;
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::thread::Thread;
use crate::sync::{Mutex, OnceLock, lock, loom_const_fn, loom_static};
use crate::trace::{self, Resource};
use selector::{Events, Registered, Selector, Token};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// Whether an event is reported once, until the next wait registers its interest again.
pub(super) const IS_ONESHOT: bool = Selector::IS_ONESHOT;

/// Calls the wakers that are due, and returns the timeout for the wait of the reactor thread; `None` is without limit.
pub(crate) type Hook = fn() -> Option<Duration>;

loom_static! {
    static REACTOR: PerProcess<BuiltinReactor> = PerProcess::new(BuiltinReactor::new());
}

struct BuiltinReactor {
    state: Mutex<State>,
    /// Whether `state` has a thread.
    has_thread: AtomicBool,
    selector: OnceLock<Selector>,
    /// Why the selector cannot be waited for.
    failure: OnceLock<io::Error>,
    hook: OnceLock<Hook>,
    role: poller::Role,
    flush: flush::Flush,
    /// Wakers that a poller took after its role was disabled. The reactor thread calls them.
    deferred_wakers: Mutex<Vec<Waker>>,
}

struct State {
    thread: Option<Thread>,
    registrations: Option<HashMap<Token, Arc<ScheduledIo>, BuildHasherDefault<TokenHasher>>>,
    next_token: u64,
}

impl BuiltinReactor {
    loom_const_fn! {
        const fn new() -> BuiltinReactor {
            let state = State { thread: None, registrations: None, next_token: 0 };
            BuiltinReactor {
                state: Mutex::new(state),
                has_thread: AtomicBool::new(false),
                selector: OnceLock::new(),
                failure: OnceLock::new(),
                hook: OnceLock::new(),
                role: poller::Role::new(),
                flush: flush::Flush::new(),
                deferred_wakers: Mutex::new(Vec::new()),
            }
        }
    }

    /// Whether the reactor thread runs.
    #[inline]
    fn has_thread(&self) -> bool {
        self.has_thread.load(Ordering::Acquire)
    }

    /// The selector, if there is one that can be waited for.
    fn working_selector(&self) -> Option<&Selector> {
        if self.failure.get().is_none() { self.selector.get() } else { None }
    }

    /// The error of every registration and wait, if the selector cannot be waited for.
    fn failure(&self) -> Option<io::Error> {
        let err = self.failure.get()?;
        let why = format!(
            "cannot wait for events of the builtin reactor: {}: {err} (a sandbox may forbid the call)",
            Selector::WAIT_CALL
        );
        Some(io::Error::new(err.kind(), why))
    }
}

#[inline]
fn reactor() -> &'static BuiltinReactor {
    REACTOR.get(|inherited| {
        inherited.selector.get().into_iter().for_each(Selector::close_in_child);
        BuiltinReactor::new()
    })
}

/// Hashes tokens. They are consecutive numbers, so no input can make them collide.
#[derive(Default)]
struct TokenHasher(u64);

impl Hasher for TokenHasher {
    fn write(&mut self, bytes: &[u8]) {
        bytes.iter().for_each(|&byte| self.write_u64(byte.into()));
    }

    /// Multiplicative hashing (Knuth, The Art of Computer Programming, volume 3, 6.4), by 2^64 over the
    /// golden ratio.
    fn write_u64(&mut self, token: u64) {
        self.0 = (self.0 ^ token).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// An fd that is registered with the selector.
#[derive(Debug)]
pub(super) struct BuiltinRegistration {
    token: Token,
    selector: &'static Selector,
    registered: Registered,
}

/// Registers an fd for `interest`.
pub(super) fn register(
    fd: BorrowedSource<'_>,
    interest: Interest,
    io: &Arc<ScheduledIo>,
) -> io::Result<BuiltinRegistration> {
    let (token, selector) = {
        let state = &mut *lock(&reactor().state);
        let selector = state.start_selector()?;
        (state.add(io), selector)
    };
    match selector.register(fd, token, interest) {
        Ok(registered) => Ok(BuiltinRegistration { token, selector, registered }),
        Err(err) => {
            remove(token);
            Err(err)
        }
    }
}

impl BuiltinRegistration {
    /// Sets the interest. If the fd is ready for it already, an event is reported.
    pub(super) fn reregister(&self, fd: BorrowedSource<'_>, interest: Interest) -> io::Result<()> {
        self.selector.reregister(&self.registered, fd, self.token, interest)
    }

    /// Registers the parts of `interest` that are not registered, for one event, if the selector is oneshot. Of several
    /// calls for one fd, only one is in progress at a time.
    #[inline]
    pub(super) fn arm(
        &self,
        fd: BorrowedSource<'_>,
        interest: Interest,
        io: &ScheduledIo,
    ) -> Option<io::Result<Ready>> {
        if !IS_ONESHOT {
            return None;
        }
        let armed = if io.should_register(interest) {
            self.reregister(fd, io.registered())
        } else {
            Ok(())
        };
        Some(armed.map(|()| Ready::EMPTY))
    }

    pub(super) fn deregister(&self, fd: BorrowedSource<'_>) {
        self.selector.deregister(&self.registered, fd);
        remove(self.token);
    }
}

/// Removes the `ScheduledIo` of a token: later events for the token are dropped.
fn remove(token: Token) {
    let mut state = lock(&reactor().state);
    let io = state.registrations.as_mut().and_then(|all| all.remove(&token));
    drop(state);
    drop(io);
}

impl State {
    fn start_selector(&mut self) -> io::Result<&'static Selector> {
        if let Some(err) = reactor().failure() {
            return Err(err);
        }
        if reactor().selector.get().is_none() {
            let selector = Selector::new()
                .map_err(|err| cannot("cannot set up the builtin reactor's epoll instance", &err))
                .inspect_err(|err| trace::failed(Resource::Epoll, err))?;
            trace::works(Resource::Epoll);
            // Succeeds: the caller holds the lock.
            let _ = reactor().selector.set(selector);
            self.unpark_thread();
        }
        reactor().selector.get().ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// Adds a `ScheduledIo` under a token that is not in use.
    fn add(&mut self, io: &Arc<ScheduledIo>) -> Token {
        let registrations = self.registrations.get_or_insert_default();
        loop {
            let token = Token(self.next_token);
            self.next_token = (self.next_token + 1) % Token::END;
            if let Entry::Vacant(free) = registrations.entry(token) {
                free.insert(io.clone());
                return token;
            }
        }
    }

    fn unpark_thread(&self) {
        if let Some(thread) = &self.thread {
            thread.unpark();
        }
    }

    fn wake_thread(&self) {
        self.unpark_thread();
        if let Some(selector) = reactor().selector.get() {
            selector.signal(Token::WAKE_THREAD);
        }
    }
}

fn unpark_thread() {
    lock(&reactor().state).unpark_thread();
}

/// Delivers events to their `ScheduledIo`s. `wakers` is a buffer.
fn dispatch(reactor: &BuiltinReactor, events: &Events, wakers: &mut Vec<Waker>) {
    take_wakers(reactor, events, wakers);
    // Not drained: after a panic, the next call calls the rest.
    wakers.reverse();
    while let Some(waker) = wakers.pop() {
        wake_or_defer(waker);
    }
}

/// Delivers the events of fds that are still registered, and appends the wakers of the tasks that wait for them.
/// `WAKE_THREAD` and `WAKE_POLLER` are not registered.
fn take_wakers(reactor: &BuiltinReactor, events: &Events, wakers: &mut Vec<Waker>) {
    let state = lock(&reactor.state);
    let Some(registrations) = &state.registrations else { return };
    for (token, ready) in events.iter() {
        if let Some(io) = registrations.get(&token) {
            let disarmed = if IS_ONESHOT { Interest::in_event(ready) } else { Interest::NONE };
            io.take_wakers(ready, disarmed, |waker| wakers.push(waker));
        }
    }
}
