//! The reactor that needs no executor: one thread named `dormouse`, blocked in epoll or kqueue.
//!
//! The thread starts on first use. It runs even if the system refuses an epoll instance (EMFILE): then it parks, and
//! the next fd that is registered tries to create the instance again. Before each wait the thread calls a [`Hook`]. The
//! fallback for timerfds installs it: it wakes what is due, and returns a timeout for the wait.
//!
//! A thread in `block_on` can poll for events too: see [`poller`]. [`selector`] wraps the system's interface.
//! [`flush`] waits until pending events have been delivered. This module knows no clock and no timer.
//!
//! # Invariants
//! - Tokens are never reused. So if an fd is deregistered after a wait has returned its event, and before the event is
//!   dispatched, the event finds no `ScheduledIo`, even if the number of the fd is in use again.
//! - A change that the hook must see is not missed.
//!   The thread: (1) calls the hook, (2) waits.
//!   The other side: (1) disables the poller role, (2) makes the change, (3) calls [`wake_thread`], whose signal stays
//!   pending until a wait of the thread consumes it.
//!   So either the hook sees the change, or the wait returns and the thread calls the hook again.
//! - Each event that a wait returns is delivered to its `ScheduledIo`, if the fd is still registered: by the thread
//!   that waited, or by the reactor thread if the poller role was disabled meanwhile.

#[cfg_attr(not(feature = "test-util"), path = "builtin/flush/absent.rs")]
mod flush;
#[cfg(all(loom, test))]
mod loom_tests;
mod poller;
mod selector;
#[cfg(all(test, not(loom)))]
mod tests;

#[cfg(feature = "test-util")]
pub(crate) use flush::flush_events;
pub(crate) use poller::{
    Parker, PollOrPark, disable as disable_poller, note_waiter, wake_or_defer,
};

pub(super) use selector::{closed, poll_now, state_now};

use super::error::cannot;
use super::interest::{Interest, Ready};
use super::scheduled_io::ScheduledIo;
use crate::catch_panic::{catch_panic, wake};
use crate::fork::PerProcess;
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, OnceLock, lock, loom_const_fn, loom_static};
use selector::{Events, Selector, Token};
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::io;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// Wakes what is due, and returns the timeout for the wait of the reactor thread; `None` is without limit.
pub(crate) type Hook = fn() -> Option<Duration>;

/// The readiness of an event that a wait has returned, with the `ScheduledIo` to deliver it to.
type Delivery = (Arc<ScheduledIo>, Ready);

loom_static! {
    static REACTOR: PerProcess<BuiltinReactor> = PerProcess::new(BuiltinReactor::new());
}

struct BuiltinReactor {
    state: Mutex<State>,
    selector: OnceLock<Selector>,
    hook: OnceLock<Hook>,
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
                selector: OnceLock::new(),
                hook: OnceLock::new(),
                deferred_wakers: Mutex::new(Vec::new()),
            }
        }
    }
}

#[inline]
fn reactor() -> &'static BuiltinReactor {
    REACTOR.get(|_| {
        poller::reset_after_fork();
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
}

/// Starts the thread unless it runs, and makes sure that it can watch fds.
pub(crate) fn start() -> io::Result<()> {
    let state = &mut *lock(&reactor().state);
    state.start_thread()?;
    state.start_selector().map(drop)
}

/// Starts the thread unless it runs, and makes it call `hook` before each wait. A thread that is already in a wait
/// calls it after the next [`wake_thread`]. A process has one hook: the first one stays.
pub(crate) fn start_with_hook(hook: Hook) -> io::Result<()> {
    let _ = reactor().hook.set(hook);
    lock(&reactor().state).start_thread()
}

/// Makes the thread call its hook again. The caller has disabled the poller role, or the poller may consume the signal.
pub(crate) fn wake_thread() {
    lock(&reactor().state).wake_thread();
}

/// Registers an fd for `interest`.
pub(super) fn register(
    fd: BorrowedFd<'_>,
    interest: Interest,
    io: &Arc<ScheduledIo>,
) -> io::Result<BuiltinRegistration> {
    let registration;
    {
        let state = &mut *lock(&reactor().state);
        state.start_thread()?;
        let selector = state.start_selector()?;
        registration = BuiltinRegistration { token: state.add(io), selector };
    }
    match registration.selector.register(fd, registration.token, interest) {
        Ok(()) => Ok(registration),
        Err(err) => {
            registration.remove();
            Err(err)
        }
    }
}

impl BuiltinRegistration {
    /// Sets the interest. If the fd is ready for it already, an event is reported.
    pub(super) fn reregister(&self, fd: BorrowedFd<'_>, interest: Interest) -> io::Result<()> {
        self.selector.reregister(fd, self.token, interest)
    }

    pub(super) fn deregister(&self, fd: BorrowedFd<'_>) {
        self.selector.deregister(fd);
        self.remove();
    }

    /// Removes the `ScheduledIo`: later events for the token are dropped.
    fn remove(&self) {
        let mut state = lock(&reactor().state);
        let io = state.registrations.as_mut().and_then(|all| all.remove(&self.token));
        drop(state);
        drop(io);
    }
}

impl State {
    fn start_thread(&mut self) -> io::Result<()> {
        if self.thread.is_none() {
            // Without a selector the thread can still run its hook.
            let _ = self.start_selector();
            let handle = thread::Builder::new()
                .name("dormouse".into())
                .spawn(run)
                .map_err(|err| cannot("cannot start the reactor's thread \"dormouse\"", &err))?;
            self.thread = Some(handle.thread().clone());
        }
        Ok(())
    }

    fn start_selector(&mut self) -> io::Result<&'static Selector> {
        if reactor().selector.get().is_none() {
            let selector = Selector::new().map_err(|err| {
                cannot("cannot set up the builtin reactor's epoll instance", &err)
            })?;
            // Succeeds: the caller holds the lock.
            let _ = reactor().selector.set(selector);
            self.unpark_thread();
        }
        reactor().selector.get().ok_or_else(|| io::ErrorKind::Other.into())
    }

    /// Adds a `ScheduledIo` under a new token.
    fn add(&mut self, io: &Arc<ScheduledIo>) -> Token {
        let token = Token(self.next_token);
        self.next_token += 1;
        self.registrations.get_or_insert_default().insert(token, io.clone());
        token
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

/// The main function of the reactor thread.
fn run() {
    run_despite_panics(serve);
}

/// Calls `serve` again and again; it returns only by a panic. No panic in it is known. If one happens, the events of the
/// last wait are dispatched again, because some of them may not have been delivered. Delivering an event twice is
/// harmless: readiness is a hint. The pause keeps a panic in each turn from using a whole CPU.
fn run_despite_panics(serve: impl Fn(&mut Events, &mut Vec<Delivery>)) {
    let mut events = Events::new();
    let mut deliveries = Vec::new();
    loop {
        catch_panic(|| serve(&mut events, &mut deliveries));
        catch_panic(|| dispatch(&events, &mut deliveries));
        thread::sleep(Duration::from_millis(1));
    }
}

fn serve(events: &mut Events, deliveries: &mut Vec<Delivery>) {
    loop {
        let timeout = reactor().hook.get().and_then(|hook| hook());
        let turn = flush::Turn::begin();
        let Some(selector) = reactor().selector.get() else {
            // Without a selector no event can be pending.
            turn.end();
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
            continue;
        };
        let timeout = if turn.is_requested() { Some(Duration::ZERO) } else { timeout };
        poller::take_deferred_wakers().into_iter().for_each(wake);
        if poller::park_if_paused(timeout) {
            continue;
        }
        match selector.wait(events, timeout) {
            Ok(()) => {
                dispatch(events, deliveries);
                events.iter().for_each(|(token, _)| poller::forward_wakeup(token));
                if !events.is_full() {
                    turn.end();
                }
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            // The kernel is out of memory: try again later.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Delivers events to their `ScheduledIo`s.
fn dispatch(events: &Events, deliveries: &mut Vec<Delivery>) {
    collect(events, deliveries);
    for (io, ready) in deliveries.drain(..) {
        io.deliver(ready, Interest::NONE, wake_or_defer);
    }
}

/// Appends the events of fds that are still registered. `WAKE_THREAD` and `WAKE_POLLER` are never among them.
fn collect(events: &Events, deliveries: &mut Vec<Delivery>) {
    if let Some(registrations) = &lock(&reactor().state).registrations {
        let found = events
            .iter()
            .filter_map(|(token, ready)| Some((registrations.get(&token)?.clone(), ready)));
        deliveries.extend(found);
    }
}
