//! The poller role: a thread that runs a future in `block_on` polls the selector itself, beside the reactor thread, so
//! that its events reach it without a switch to a second thread.
//!
//! One thread at a time has the role, and is called the *poller*. It dispatches every event that its wait returns,
//! whichever task the event is for. The reactor thread stays blocked in a wait on the same epoll instance. Of the two
//! threads, the kernel wakes the one that began to wait last. So while the poller waits, it gets the events; while it
//! runs its future, the reactor thread gets them. An event does not wait until the future returns.
//!
//! The poller calls the wakers of all tasks. It may be a worker thread of another executor, inside a task that should
//! not have blocked, and a task that it wakes there may be queued for that very worker. So the role is for programs
//! without another executor. [`disable`] is permanent. It is called when a task outside of `block_on` waits, or may
//! wait, for an fd or a timer of the builtin reactor; when the reactor thread gets deadlines to meet; and by a flush of
//! events. In the child of a fork the role is always disabled.
//!
//! While the poller runs its future, each event wakes the reactor thread. To avoid these wake-ups, a busy poller pauses
//! the reactor thread. A paused reactor thread sleeps for a millisecond at a time. It resumes its wait after a
//! millisecond in which no poller has polled, or when the `block_on` of a busy poller returns. While the reactor thread
//! is paused and the poller runs its future, an event for another task can be delayed by up to two milliseconds.
//!
//! # Invariants
//! - A wake-up of the poller is not lost. `Token::WAKE_POLLER` is signalled only after the poller has set `HELD`: by
//!   [`Parker::unpark`], which has seen `POLLING`, or by [`disable`]. If the reactor thread consumes the signal, for
//!   example because the poller has not begun its wait yet, it signals again until `HELD` is false. The poller clears
//!   `HELD` after its wait.
//! - A wake-up of the reactor thread is not lost, if its caller has disabled the role before. A poller whose wait
//!   consumes `Token::WAKE_THREAD` while the role is disabled signals it again, and does not poll after that. While the
//!   role is enabled, the poller ignores the token: then only the request for a pause uses it, and that request has a
//!   timeout.
//! - After [`disable`] has returned, no poller waits for long.
//!   [`try_acquire`]: (1) sets `HELD`, (2) checks `DISABLED`.
//!   [`disable`]: (1) sets `DISABLED`, (2) checks `HELD`, and if it is set, signals `Token::WAKE_POLLER`.
//!   All are `SeqCst`, so one of the two sees the other: either the role is not acquired, or the poller leaves
//!   its wait.
//! - A poller never calls the waker of a task that waits outside of `block_on`.
//!   The task: (1) calls [`note_waiter`], which sets `DISABLED`, (2) stores its waker under a lock.
//!   The poller: (1) takes the waker under that lock, (2) checks `DISABLED` in [`wake_or_defer`].
//!   The lock orders (2) of the task before (1) of the poller. So the poller sees `DISABLED`, and defers the waker to the
//!   reactor thread.

use super::flush::{self, PollerGuard};
use super::selector::{Events, Selector, Token};
use super::{Delivery, dispatch, reactor};
use crate::catch_panic::wake;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{lock, loom_static, thread_local};
use std::cell::Cell;
use std::io;
use std::task::Waker;
use std::time::{Duration, Instant};

loom_static! {
    /// A thread has the role: it is in its wait, or about to begin it. It clears this before it dispatches.
    static HELD: AtomicBool = AtomicBool::new(false);
    /// Whether [`disable`] has been called: no thread acquires the role any more. Never cleared.
    static DISABLED: AtomicBool = AtomicBool::new(false);
    /// Whether the reactor thread runs, is to pause, or is paused.
    static PAUSE: AtomicU8 = AtomicU8::new(RUNNING);
    /// Counts the waits from which a poller has returned.
    static POLLS: AtomicU64 = AtomicU64::new(0);
}

thread_local! {
    /// Whether this thread dispatches events as the poller.
    static IS_POLLER: Cell<bool> = const { Cell::new(false) };
}

/// Values of `PAUSE`.
const RUNNING: u8 = 0;
const PAUSE_REQUESTED: u8 = 1;
const PAUSED: u8 = 2;

/// How often a paused reactor thread checks whether it is needed.
const PAUSE_INTERVAL: Duration = Duration::from_millis(1);
/// A poller that polls this often within [`BUSY_TIME`] pauses the reactor thread. That is two polls in each
/// [`PAUSE_INTERVAL`].
const BUSY_POLLS: u32 = 64;
const BUSY_TIME: Duration = Duration::from_millis(32);
/// How long the poller waits for the pause to begin, for which the reactor thread has to wake up.
const PAUSE_TIMEOUT: Duration = Duration::from_micros(100);

/// Whether a thread in `block_on` runs, is parked or polls, and whether it has been woken.
#[derive(Debug)]
pub(crate) struct Parker(AtomicU8);

/// States of a `Parker`. `EMPTY`: the thread runs, and has not been woken since its last wait.
const EMPTY: u8 = 0;
const NOTIFIED: u8 = 1;
const PARKED: u8 = 2;
const POLLING: u8 = 3;

impl Parker {
    pub(crate) fn new() -> Parker {
        Parker(AtomicU8::new(EMPTY))
    }

    /// Wakes the thread, whether it is parked or polls.
    pub(crate) fn unpark(&self, thread: &Thread) {
        match self.0.swap(NOTIFIED, Ordering::AcqRel) {
            PARKED => thread.unpark(),
            POLLING => signal(Token::WAKE_POLLER),
            _ => {}
        }
    }

    /// Begins a wait in the state `PARKED` or `POLLING`. If the thread has been woken already, consumes the wake-up and
    /// returns false.
    fn begin_wait(&self, state: u8) -> bool {
        let begun = self.0.compare_exchange(EMPTY, state, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_err() {
            self.end_wait();
            return false;
        }
        true
    }

    /// Ends a wait. Returns whether the thread has been woken, and consumes the wake-up.
    fn end_wait(&self) -> bool {
        self.0.swap(EMPTY, Ordering::AcqRel) == NOTIFIED
    }
}

/// Waits for one `block_on`: each wait polls the selector if it can acquire the role, and parks the thread otherwise.
pub(crate) struct PollOrPark {
    events: Option<Events>,
    deliveries: Vec<Delivery>,
    /// Since `last_count`.
    polls: u32,
    /// When `polls` last reached `BUSY_POLLS`.
    last_count: Option<Instant>,
}

impl PollOrPark {
    pub(crate) const fn new() -> PollOrPark {
        PollOrPark { events: None, deliveries: Vec::new(), polls: 0, last_count: None }
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

    /// Polls the selector once, releases the role, and dispatches the events. Called when the role has been acquired.
    /// True if the thread has been woken, by one of these events or by another thread.
    fn poll(&mut self, parker: &Parker) -> bool {
        let events = self.events.get_or_insert_with(Events::new);
        let found = match reactor().selector.get() {
            Some(selector) if parker.begin_wait(POLLING) => selector.wait(events, None),
            _ => {
                HELD.store(false, Ordering::Release);
                return true;
            }
        };
        // The state is `EMPTY` now, so a wake-up from here on does not signal.
        let woken = parker.end_wait();
        HELD.store(false, Ordering::Release);
        POLLS.fetch_add(1, Ordering::Relaxed);
        match found {
            Ok(()) => {
                dispatch_as_poller(events, &mut self.deliveries);
                if DISABLED.load(Ordering::SeqCst) {
                    // The wait may have consumed this signal, which is for the reactor thread.
                    signal(Token::WAKE_THREAD);
                }
            }
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            // The kernel is out of memory for now.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
        self.count_poll();
        woken | parker.end_wait()
    }

    /// Counts a poll. Pauses the reactor thread if this poller is busy.
    fn count_poll(&mut self) {
        self.polls += 1;
        if self.polls < BUSY_POLLS {
            return;
        }
        self.polls = 0;
        let now = Instant::now();
        let before = self.last_count.replace(now);
        let busy = before.is_some_and(|before| now - before < BUSY_TIME);
        if !busy || !exchange_pause(RUNNING, PAUSE_REQUESTED) {
            return;
        }
        signal(Token::WAKE_THREAD);
        // If this thread polls again before the reactor thread has woken up, it consumes the signal itself. So let the
        // reactor thread run first.
        while PAUSE.load(Ordering::Acquire) == PAUSE_REQUESTED {
            if now.elapsed() > PAUSE_TIMEOUT {
                exchange_pause(PAUSE_REQUESTED, RUNNING);
                return;
            }
            thread::yield_now();
        }
    }
}

impl Drop for PollOrPark {
    /// Resumes the reactor thread, because this thread does not poll any more.
    fn drop(&mut self) {
        // Without a `last_count`, this thread has never requested a pause.
        if self.last_count.is_some() && exchange_pause(PAUSED, RUNNING) {
            super::unpark_thread();
        }
    }
}

fn dispatch_as_poller(events: &Events, deliveries: &mut Vec<Delivery>) {
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            IS_POLLER.with(|is_poller| is_poller.set(self.0));
        }
    }

    let _restore = Restore(IS_POLLER.with(|is_poller| is_poller.replace(true)));
    dispatch(events, deliveries);
}

fn exchange_pause(from: u8, to: u8) -> bool {
    PAUSE.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

/// Acquires the role, unless it is held or disabled.
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
pub(crate) fn note_waiter() {
    flush::note_waiter();
    if !DISABLED.load(Ordering::Relaxed) && !crate::context::in_block_on() {
        disable();
    }
}

/// Disables the role. A poller may still dispatch the events of its last wait, but defers the wakers to the reactor
/// thread. All later events are dispatched by that thread.
#[cold]
pub(crate) fn disable() {
    if !DISABLED.swap(true, Ordering::SeqCst) && HELD.load(Ordering::SeqCst) {
        signal(Token::WAKE_POLLER);
    }
}

/// Calls a waker that was stored for an event or a timer of the builtin reactor. On a poller whose role has been
/// disabled, the reactor thread calls it.
#[inline]
pub(crate) fn wake_or_defer(waker: Waker) {
    if DISABLED.load(Ordering::Relaxed) && IS_POLLER.try_with(Cell::get).unwrap_or(false) {
        defer(waker);
    } else {
        wake(waker);
    }
}

#[cold]
fn defer(waker: Waker) {
    if lock(&reactor().state).thread.is_none() {
        // A waker that the poller called has forked: this is the child, which has no reactor thread yet.
        return wake(waker);
    }
    lock(&reactor().deferred_wakers).push(waker);
    signal(Token::WAKE_THREAD);
}

/// Takes the wakers that pollers deferred after the role was disabled. A poller that defers another one after this
/// signals `WAKE_THREAD`.
pub(super) fn take_deferred_wakers() -> Vec<Waker> {
    if !DISABLED.load(Ordering::Acquire) {
        return Vec::new();
    }
    std::mem::take(&mut *lock(&reactor().deferred_wakers))
}

/// In the child of a fork, the poller and the reactor thread do not exist. The role stays disabled there.
pub(super) fn reset_after_fork() {
    HELD.store(false, Ordering::SeqCst);
    DISABLED.store(true, Ordering::SeqCst);
    PAUSE.store(RUNNING, Ordering::SeqCst);
}

/// Called when a wait of the reactor thread has returned `token`. If it is the poller's signal, signals again.
pub(super) fn forward_wakeup(token: Token) {
    if token == Token::WAKE_POLLER && HELD.load(Ordering::Acquire) {
        signal(Token::WAKE_POLLER);
        thread::yield_now();
    }
}

/// Called by the reactor thread before it waits. If a poller has requested a pause, parks for up to `PAUSE_INTERVAL`,
/// and ends the pause if no poller has polled meanwhile. True if it parked.
pub(super) fn park_if_paused(timeout: Option<Duration>) -> bool {
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
