//! Flushes events: waits until the builtin reactor has delivered every event that was pending in the kernel.
//!
//! Between the wait that returned an event and its delivery, neither the selector nor the `ScheduledIo` shows the
//! event. So it is not enough for the calling thread to poll the selector. A flush makes the reactor thread poll once
//! more without blocking, deliver all events, and report the end of that turn. By then the thread has also delivered
//! the events of its earlier waits.
//!
//! # Invariants
//! - During a flush only the reactor thread dispatches events. A flush first disables the poller role, and then waits
//!   until no thread is counted in `POLLERS`. A thread is counted from before it checks whether the role is
//!   disabled until it has dispatched the events of its wait. If it has deferred wakers, the reactor thread calls them
//!   before it takes events in the next turn.
//! - A turn completes a request only if the reactor thread saw the request before its wait, and the wait returned
//!   all pending events.
//! - A thread that is dispatching events does not wait for a flush, which would be a deadlock: the flush waits for
//!   that thread. For example, a waker may run `VirtualTime::block_on`.

use super::{poller, reactor};
use crate::sync::lock;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Whether a task has ever waited for an fd or timer of the builtin reactor.
static HAS_WAITERS: AtomicBool = AtomicBool::new(false);
/// Counts the threads in a [`PollerGuard`]: they try to acquire the poller role, or hold it, or dispatch its events.
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

/// Returns when every event that was pending in the kernel at the call has been delivered. Returns at once if no task
/// has ever waited for an fd or timer of the builtin reactor, or if the calling thread is dispatching events.
///
/// May block forever in the child of a fork: the statics of this module are not reset there, so `POLLERS` may count a
/// thread of the parent.
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
    /// Called before the thread waits for events.
    pub(super) fn begin() -> Turn {
        DISPATCHING.set(true);
        Turn { request: REQUESTED.load(Ordering::SeqCst) }
    }

    /// Whether a flush waits for this turn. If so, the turn must not block.
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

/// Counts a thread in `POLLERS`, and sets its `DISPATCHING`, while it may be the poller.
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
