//! Flushes events: waits until the builtin reactor has delivered every event that was pending in the kernel.
//!
//! Between the wait that returned an event and its delivery, neither the selector nor the `ScheduledIo` shows the
//! event. So it is not enough for the calling thread to poll the selector. A flush makes the reactor thread poll once
//! more without blocking, deliver all events, and report the end of that turn. By then the thread has also delivered
//! the events of its earlier waits.
//!
//! # Invariants
//! - The reactor thread runs during a flush: the flush starts it. Without it, an fd may be registered all the same.
//! - During a flush only the reactor thread dispatches events. A flush first disables the poller role, and then waits
//!   until no thread is counted in `pollers`. A thread is counted from before it checks whether the role is
//!   disabled until it has dispatched the events of its wait. If it has deferred wakers, the reactor thread calls them
//!   before it takes events in the next turn.
//! - A turn completes a request only if the reactor thread saw the request before its wait, and the wait returned
//!   all pending events.
//! - A thread that is dispatching events does not wait for a flush, which would be a deadlock: the flush waits for
//!   that thread. For example, a waker may run `VirtualTime::block_on`.

use super::selector::Events;
use super::thread::serve_all_by_thread;
use super::{BuiltinReactor, dispatch, reactor};
use crate::sync::lock;
use crate::sync::unexplored::AtomicU64;
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// The flushes of a reactor.
pub(super) struct Flush {
    /// Whether a task has ever waited for an fd or timer of the builtin reactor.
    has_waiters: AtomicBool,
    /// Counts the threads in a [`PollerGuard`]: they try to acquire the poller role, or hold it, or dispatch its events.
    pollers: AtomicUsize,
    /// The number of flushes requested so far.
    requested: AtomicU64,
    /// The number of flushes completed so far.
    flushed: Mutex<u64>,
    done: Condvar,
}

thread_local! {
    /// The reactor whose events this thread may be dispatching, as a poller, or as the reactor thread, which never resets
    /// it. In the child of a fork it is the reactor of the parent.
    static DISPATCHING: Cell<Option<&'static BuiltinReactor>> = const { Cell::new(None) };
}

impl Flush {
    pub(super) const fn new() -> Flush {
        Flush {
            has_waiters: AtomicBool::new(false),
            pollers: AtomicUsize::new(0),
            requested: AtomicU64::new(0),
            flushed: Mutex::new(0),
            done: Condvar::new(),
        }
    }

    /// Called before a task waits for an fd or timer of the builtin reactor.
    #[inline]
    pub(super) fn note_waiter(&self) {
        if !self.has_waiters.load(Ordering::Relaxed) {
            self.has_waiters.store(true, Ordering::SeqCst);
        }
    }
}

fn is_dispatching(reactor: &BuiltinReactor) -> bool {
    // A thread that is ending counts as dispatching.
    DISPATCHING.try_with(Cell::get).map_or(true, |of| of.is_some_and(|of| ptr::eq(of, reactor)))
}

/// Returns when every event that was pending in the kernel at the call has been delivered. Returns at once if no task
/// has ever waited for an fd or timer of the builtin reactor, or if the calling thread is dispatching events.
pub(crate) fn flush_events() {
    let reactor = reactor();
    let flush = &reactor.flush;
    if !flush.has_waiters.load(Ordering::SeqCst) || is_dispatching(reactor) {
        return;
    }
    if serve_all_by_thread().is_err() {
        return deliver_without_thread(reactor);
    }
    while flush.pollers.load(Ordering::SeqCst) > 0 {
        std::thread::yield_now();
    }
    let request = flush.requested.fetch_add(1, Ordering::SeqCst) + 1;
    lock(&reactor.state).wake_thread();
    let mut flushed = lock(&flush.flushed);
    while *flushed < request {
        flushed = flush.done.wait(flushed).unwrap_or_else(PoisonError::into_inner);
    }
}

/// Delivers the events that are pending, if the reactor thread cannot be started. Those that another thread in `block_on`
/// has taken out are not waited for.
fn deliver_without_thread(reactor: &BuiltinReactor) {
    let Some(selector) = reactor.working_selector() else { return };
    let (mut events, mut wakers) = (Events::new(), Vec::new());
    while selector.wait(&mut events, Some(Duration::ZERO)).is_ok() {
        dispatch(reactor, &events, &mut wakers);
        if !events.is_full() {
            return;
        }
    }
}

/// One turn of the reactor thread.
pub(super) struct Turn {
    flush: &'static Flush,
    request: u64,
}

impl Turn {
    /// Called before the thread calls wakers, and before it waits for events.
    pub(super) fn begin(reactor: &'static BuiltinReactor) -> Turn {
        DISPATCHING.set(Some(reactor));
        let flush = &reactor.flush;
        Turn { flush, request: flush.requested.load(Ordering::SeqCst) }
    }

    /// Whether a flush waits for this turn. If so, the turn must not block.
    pub(super) fn is_requested(&self) -> bool {
        *lock(&self.flush.flushed) < self.request
    }

    /// Called when all pending events have been dispatched.
    pub(super) fn end(self) {
        let mut flushed = lock(&self.flush.flushed);
        if *flushed < self.request {
            *flushed = self.request;
            self.flush.done.notify_all();
        }
    }
}

/// Counts a thread in `pollers`, and sets its `DISPATCHING`, while it may be the poller.
pub(super) struct PollerGuard {
    reactor: &'static BuiltinReactor,
    outer: Option<&'static BuiltinReactor>,
}

impl PollerGuard {
    pub(super) fn begin(reactor: &'static BuiltinReactor) -> PollerGuard {
        reactor.flush.pollers.fetch_add(1, Ordering::SeqCst);
        PollerGuard { reactor, outer: DISPATCHING.replace(Some(reactor)) }
    }

    /// Called when the thread is not the poller.
    pub(super) fn end(self) {}
}

impl Drop for PollerGuard {
    fn drop(&mut self) {
        DISPATCHING.set(self.outer);
        self.reactor.flush.pollers.fetch_sub(1, Ordering::SeqCst);
    }
}
