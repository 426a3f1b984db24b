//! Flushes events: waits until every event that the kernel knows of has been delivered.
//!
//! Between the moment at which a thread takes an event out of the selector and its delivery to a `ScheduledIo`, no other
//! thread can see the event: a poll of the selector by the flushing thread would miss it. So a flush makes the reactor
//! thread poll once more, deliver what there is, and report the end of that turn. By then it has also delivered what it
//! took out before.
//!
//! # Invariants
//! - Only the reactor thread dispatches events. A flush first disables the poller role, and then waits for a thread that
//!   still has it: a thread is counted in `POLLERS` from before it checks whether the role is disabled until it has
//!   dispatched what it took out.
//! - A turn completes a request only if the reactor thread saw the request before it took events out, and
//!   its wait returned all the events there were.
//! - A thread that dispatches events further up its stack does not wait for a flush.

use super::{poller, reactor};
use crate::sync::lock;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Whether a task has ever waited for an fd or timer of the builtin reactor.
static HAS_WAITERS: AtomicBool = AtomicBool::new(false);
/// Threads that may have taken events out in the poller role.
static POLLERS: AtomicUsize = AtomicUsize::new(0);
/// The number of flushes requested so far.
static REQUESTED: AtomicU64 = AtomicU64::new(0);
/// The number of flushes completed so far.
static FLUSHED: Mutex<u64> = Mutex::new(0);
static FLUSH_DONE: Condvar = Condvar::new();

thread_local! {
    /// Whether this thread may be dispatching events: a poller, or the reactor thread, which never resets it.
    static DISPATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Called before a task waits for an fd or timer of the builtin reactor.
#[inline]
pub(super) fn note_waiter() {
    if !HAS_WAITERS.load(Ordering::Relaxed) {
        HAS_WAITERS.store(true, Ordering::SeqCst);
    }
}

/// Returns when every event that the kernel knew of at the call has been delivered.
pub(crate) fn flush_events() {
    if !HAS_WAITERS.load(Ordering::SeqCst) || DISPATCHING.try_with(Cell::get).unwrap_or(true) {
        return;
    }
    poller::disable();
    while POLLERS.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
    let request = REQUESTED.fetch_add(1, Ordering::SeqCst) + 1;
    {
        let state = lock(&reactor().state);
        if state.thread.is_none() {
            // Without the thread no fd is registered, and no turn would complete the request.
            return;
        }
        state.wake_thread();
    }
    let mut flushed = lock(&FLUSHED);
    while *flushed < request {
        flushed = FLUSH_DONE.wait(flushed).unwrap_or_else(PoisonError::into_inner);
    }
}

/// One turn of the reactor thread.
pub(super) struct Turn {
    request: u64,
}

impl Turn {
    /// Called before the thread takes events out.
    pub(super) fn begin() -> Turn {
        DISPATCHING.set(true);
        Turn { request: REQUESTED.load(Ordering::SeqCst) }
    }

    /// Whether a flush waits for this turn, which must not block then.
    pub(super) fn is_requested(&self) -> bool {
        *lock(&FLUSHED) < self.request
    }

    /// Called when all pending events have been dispatched.
    pub(super) fn end(self) {
        let mut flushed = lock(&FLUSHED);
        if *flushed < self.request {
            *flushed = self.request;
            FLUSH_DONE.notify_all();
        }
    }
}

/// Counts a thread that may take events out in the poller role.
pub(super) struct PollerGuard {
    outer: bool,
}

impl PollerGuard {
    pub(super) fn begin() -> PollerGuard {
        POLLERS.fetch_add(1, Ordering::SeqCst);
        PollerGuard { outer: DISPATCHING.replace(true) }
    }
}

impl Drop for PollerGuard {
    fn drop(&mut self) {
        DISPATCHING.set(self.outer);
        POLLERS.fetch_sub(1, Ordering::SeqCst);
    }
}
