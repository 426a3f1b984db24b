//! The poller role: a thread that runs a future in `block_on` polls the selector itself, beside the reactor thread, so
//! that its events reach it without a switch to a second thread.
//!
//! This is the leader/follower pattern with a standing follower. One thread at a time has the role, and is called the
//! *poller*. It dispatches every event that it takes out, whichever task the event is for. The reactor thread stays
//! blocked in the same wait: the kernel wakes the thread that began to wait last. So while the poller waits, it
//! gets the events; while it runs its future, the reactor thread gets them at once. No work has to be transferred, and
//! no task depends on how long the future runs.
//!
//! The poller calls the wakers of all tasks. It may be a worker thread of another executor, inside a task that should
//! not have blocked, and a task that it wakes there may be queued for that very worker. So the role is for programs
//! without another executor: it is disabled permanently when a task outside of `block_on` waits for an fd
//! that the builtin reactor watches.
//!
//! A busy poller would wake the reactor thread with each event that arrives while it runs its future. So it pauses the
//! reactor thread, which then sleeps for a millisecond at a time, and goes back to its wait when the poller has stopped
//! polling. While the reactor thread is paused, an event for another task can be delayed by up to two milliseconds,
//! if the poller is running its future just then.
//!
//! # Invariants
//! - The poller is woken by `Token::WAKE_POLLER`, which is signalled only after the poller has set `POLLING`. If the
//!   reactor thread takes that signal out, because the poller has set `POLLING` but not yet begun to wait, it signals
//!   again, until the poller has left its wait (`HELD` is false).
//! - `Token::WAKE_THREAD` is for the reactor thread. A poller that takes it out while the role is disabled signals
//!   again; it will not poll after that.
//! - After `disable` has returned, no event is dispatched in the role.
//!   [`try_acquire`]: (1) sets `HELD`, (2) checks `DISABLED`.
//!   [`disable`]: (1) sets `DISABLED`, (2) checks `HELD`.
//!   All are `SeqCst`, so one of the two sees the other: either the role is not acquired, or the poller is signalled to
//!   leave its wait, and defers the events it finds to the reactor thread.

use super::flush::{PollerGuard, note_waiter};
use super::selector::{Events, Selector, Token};
use super::{Delivery, collect, dispatch, reactor};
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, lock, loom_static};
use std::io;
use std::time::{Duration, Instant};

loom_static! {
    /// A thread has the role: it polls, or is about to.
    static HELD: AtomicBool = AtomicBool::new(false);
    /// No thread may acquire the role: tasks outside `block_on` wait too, or the reactor thread has deadlines to meet.
    static DISABLED: AtomicBool = AtomicBool::new(false);
    /// Whether the reactor thread is paused.
    static PAUSE: AtomicU8 = AtomicU8::new(RUNNING);
    /// Events that the poller found after the role was disabled.
    static DEFERRED_EVENTS: Mutex<Vec<Delivery>> = Mutex::new(Vec::new());
    /// How often a poller has returned from its wait.
    static POLLS: AtomicU64 = AtomicU64::new(0);
}

/// Values of `PAUSE`.
const RUNNING: u8 = 0;
const PAUSE_REQUESTED: u8 = 1;
const PAUSED: u8 = 2;

/// How often a paused reactor thread checks whether it is needed.
const PAUSE_INTERVAL: Duration = Duration::from_millis(1);
/// A poller that polls so often in so much time pauses the reactor thread: two polls for each check.
const BUSY_POLLS: u32 = 64;
const BUSY_TIME: Duration = Duration::from_millis(32);
/// How long the poller waits for the pause to begin: the reactor thread has to be woken first.
const PAUSE_TIMEOUT: Duration = Duration::from_micros(100);

/// What a thread in `block_on` is doing, and whether it has been woken.
#[derive(Debug)]
pub(crate) struct Parker(AtomicU8);

const EMPTY: u8 = 0;
const NOTIFIED: u8 = 1;
const PARKED: u8 = 2;
const POLLING: u8 = 3;

impl Parker {
    pub(crate) fn new() -> Parker {
        Parker(AtomicU8::new(EMPTY))
    }

    /// Wakes the thread, wherever it waits.
    pub(crate) fn unpark(&self, thread: &Thread) {
        match self.0.swap(NOTIFIED, Ordering::AcqRel) {
            PARKED => thread.unpark(),
            POLLING => signal(Token::WAKE_POLLER),
            _ => {}
        }
    }

    /// Begins a wait. False if the thread has been woken already.
    fn begin_wait(&self, wait: u8) -> bool {
        let begun = self.0.compare_exchange(EMPTY, wait, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_err() {
            self.end_wait();
            return false;
        }
        true
    }

    /// Ends a wait, and returns whether the thread has been woken.
    fn end_wait(&self) -> bool {
        self.0.swap(EMPTY, Ordering::AcqRel) == NOTIFIED
    }
}

/// Competes for the role for the duration of one `block_on`.
pub(crate) struct PollerRole {
    events: Option<Events>,
    deliveries: Vec<Delivery>,
    polls: u32,
    since: Option<Instant>,
}

impl PollerRole {
    pub(crate) const fn new() -> PollerRole {
        PollerRole { events: None, deliveries: Vec::new(), polls: 0, since: None }
    }

    /// Waits until this thread has been woken through `parker`.
    pub(crate) fn wait(&mut self, parker: &Parker) {
        loop {
            let polled = {
                let _guard = PollerGuard::begin();
                try_acquire().then(|| self.poll(parker))
            };
            if polled.unwrap_or_else(|| park(parker)) {
                return;
            }
        }
    }

    /// Polls the selector once, having acquired the role, and releases it. True if the thread has been woken, by one
    /// of the events that it dispatched or by another thread.
    fn poll(&mut self, parker: &Parker) -> bool {
        let events = self.events.get_or_insert_with(Events::new);
        let found = match reactor().selector.get() {
            Some(selector) if parker.begin_wait(POLLING) => selector.wait(events, None),
            _ => {
                HELD.store(false, Ordering::Release);
                return true;
            }
        };
        // From here on a wake-up needs no signal.
        let woken = parker.end_wait();
        HELD.store(false, Ordering::Release);
        POLLS.fetch_add(1, Ordering::Relaxed);
        match found {
            Ok(()) if DISABLED.load(Ordering::SeqCst) => {
                collect(events, &mut lock(&DEFERRED_EVENTS));
                signal(Token::WAKE_THREAD);
            }
            Ok(()) => dispatch(events, &mut self.deliveries),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            // The kernel is out of memory for now.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
        self.count_poll();
        woken | parker.end_wait()
    }

    fn count_poll(&mut self) {
        self.polls += 1;
        if self.polls < BUSY_POLLS {
            return;
        }
        self.polls = 0;
        let now = Instant::now();
        let before = self.since.replace(now);
        let busy = before.is_some_and(|before| now - before < BUSY_TIME);
        if !busy || !exchange_pause(RUNNING, PAUSE_REQUESTED) {
            return;
        }
        signal(Token::WAKE_THREAD);
        // The next thread to wait takes the signal out: give the reactor thread time to be that one.
        while PAUSE.load(Ordering::Acquire) == PAUSE_REQUESTED {
            if now.elapsed() > PAUSE_TIMEOUT {
                exchange_pause(PAUSE_REQUESTED, RUNNING);
                return;
            }
            thread::yield_now();
        }
    }
}

impl Drop for PollerRole {
    /// Resumes the reactor thread, which other tasks need again.
    fn drop(&mut self) {
        if self.since.is_some() && exchange_pause(PAUSED, RUNNING) {
            super::unpark_thread();
        }
    }
}

fn exchange_pause(from: u8, to: u8) -> bool {
    PAUSE.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

fn try_acquire() -> bool {
    let acquired = Selector::CAN_BE_SHARED
        && reactor().selector.get().is_some()
        && !DISABLED.load(Ordering::Relaxed)
        && !HELD.swap(true, Ordering::SeqCst);
    if acquired && DISABLED.load(Ordering::SeqCst) {
        HELD.store(false, Ordering::Release);
        return false;
    }
    acquired
}

/// Waits without the role. True if the thread has been woken.
fn park(parker: &Parker) -> bool {
    if parker.begin_wait(PARKED) {
        // Spurious returns are possible, and so are unparks that are not from `parker`.
        thread::park();
        return parker.end_wait();
    }
    true
}

fn signal(token: Token) {
    if let Some(selector) = reactor().selector.get() {
        selector.signal(token);
    }
}

/// Called before a task waits for an fd or timer of the builtin reactor. Disables the role if the task runs
/// outside of `block_on`.
#[inline]
pub(crate) fn note_external_waiter() {
    note_waiter();
    if !DISABLED.load(Ordering::Relaxed) && !crate::context::in_block_on() {
        disable();
    }
}

/// From here on only the reactor thread dispatches events.
#[cold]
pub(crate) fn disable() {
    if !DISABLED.swap(true, Ordering::SeqCst) && HELD.load(Ordering::SeqCst) {
        signal(Token::WAKE_POLLER);
    }
}

/// The events that the last poller found after the role was disabled.
pub(super) fn take_deferred_events() -> Vec<Delivery> {
    if !DISABLED.load(Ordering::Acquire) {
        return Vec::new();
    }
    // A thread that holds the lock signals `WAKE_THREAD` after it has released it; or it does not exist in this
    // process, which is the child of a fork.
    DEFERRED_EVENTS.try_lock().map(|mut events| std::mem::take(&mut *events)).unwrap_or_default()
}

/// In the child of a fork the poller does not exist.
pub(super) fn reset_after_fork() {
    HELD.store(false, Ordering::SeqCst);
    DISABLED.store(true, Ordering::SeqCst);
    PAUSE.store(RUNNING, Ordering::SeqCst);
    std::mem::forget(take_deferred_events());
}

/// The reactor thread has taken out a signal for `token`: signals again if it is for the poller.
pub(super) fn forward_wakeup(token: Token) {
    if token == Token::WAKE_POLLER && HELD.load(Ordering::Acquire) {
        signal(Token::WAKE_POLLER);
        thread::yield_now();
    }
}

/// Pauses the reactor thread for a moment, if a poller has requested that. True if it paused.
pub(super) fn pause_reactor_thread(timeout: Option<Duration>) -> bool {
    exchange_pause(PAUSE_REQUESTED, PAUSED);
    if PAUSE.load(Ordering::Acquire) != PAUSED {
        return false;
    }
    let before = POLLS.load(Ordering::Relaxed);
    thread::park_timeout(timeout.map_or(PAUSE_INTERVAL, |timeout| timeout.min(PAUSE_INTERVAL)));
    if POLLS.load(Ordering::Relaxed) == before {
        exchange_pause(PAUSED, RUNNING);
    }
    true
}
