//! Waiting until what the kernel has to report has been handed on: for virtual time, which must not jump to a deadline
//! past an fd that is ready.
//!
//! An event that a thread has taken out of the selector is nowhere to be seen until it has reached its source. Looking
//! into the selector from outside would miss it; so the reactor's thread itself is asked. It looks once more, hands
//! on what there is, and says so; and by then it has handed on what it had taken out before.
//!
//! # Invariants
//! - Only the reactor's thread deals with events. The seat is closed first, and whoever sits is waited for: a thread
//!   counts as `SITTING` from before it looks whether the seat is closed until it has dealt with what it took out.
//! - A round answers a question only if the thread saw the question before it took the events out, and its
//!   wait returned all that there were.
//! - Whoever deals with events himself, further up the stack, is not made to wait for that.

use super::{poller, shared};
use crate::sync::lock;
use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};

/// Whether anybody has ever waited for an fd that the builtin reactor watches.
static HAS_WAITERS: AtomicBool = AtomicBool::new(false);
/// Threads that may have taken events out in the seat.
static POLLERS: AtomicUsize = AtomicUsize::new(0);
/// Questions that were asked, and the last one that was answered.
static REQUESTED: AtomicU64 = AtomicU64::new(0);
static FLUSHED: Mutex<u64> = Mutex::new(0);
static FLUSH_DONE: Condvar = Condvar::new();

thread_local! {
    static DISPATCHING: Cell<bool> = const { Cell::new(false) };
}

/// Somebody waits for an fd.
#[inline]
pub(crate) fn note_waiter() {
    if !HAS_WAITERS.load(Ordering::Relaxed) {
        HAS_WAITERS.store(true, Ordering::SeqCst);
    }
}

/// Returns when every event that the kernel knew of at the call has been handed to its source.
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
        let builtin = lock(&shared().builtin);
        if builtin.thread.is_none() {
            // Without it nothing is watched, and there is nobody to answer.
            return;
        }
        builtin.wake_thread();
    }
    let mut flushed = lock(&FLUSHED);
    while *flushed < request {
        flushed = FLUSH_DONE.wait(flushed).unwrap_or_else(PoisonError::into_inner);
    }
}

/// What the reactor's thread does in a round of its own.
pub(super) struct Turn {
    request: u64,
}

impl Turn {
    /// Before it takes out anything.
    pub(super) fn begin() -> Turn {
        DISPATCHING.set(true);
        Turn { request: REQUESTED.load(Ordering::SeqCst) }
    }

    /// Whether it has been asked to be quick.
    pub(super) fn is_registered(&self) -> bool {
        *lock(&FLUSHED) < self.request
    }

    /// It has dealt with all that there was.
    pub(super) fn end(self) {
        let mut flushed = lock(&FLUSHED);
        if *flushed < self.request {
            *flushed = self.request;
            FLUSH_DONE.notify_all();
        }
    }
}

/// A thread that may take events out in the seat.
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
