//! The thread of a `block_on`, and its waker.

use super::super::selector::Token;
use super::signal;
use crate::sync::atomic::{AtomicU8, Ordering};
use crate::sync::thread::{self, Thread};
use std::sync::Arc;
use std::task::Wake;
use std::time::Duration;

/// Whether a thread in `block_on` runs, is parked or polls, and whether it has been woken.
#[derive(Debug)]
pub(crate) struct Parker {
    thread: Thread,
    state: AtomicU8,
}

/// States of a `Parker`. `EMPTY`: the thread runs, and has not been woken since its last wait.
const EMPTY: u8 = 0;
const NOTIFIED: u8 = 1;
const PARKED: u8 = 2;
const POLLING: u8 = 3;

impl Parker {
    pub(crate) fn new(thread: Thread) -> Arc<Parker> {
        Arc::new(Parker { thread, state: AtomicU8::new(EMPTY) })
    }

    /// Begins a wait in the state `PARKED` or `POLLING`. If the thread has been woken already, consumes the wake-up and
    /// returns false.
    fn begin_wait(&self, state: u8) -> bool {
        let begun = self.state.compare_exchange(EMPTY, state, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_err() {
            self.end_wait();
            return false;
        }
        true
    }

    /// Whether the thread, which runs, has been woken since its last wait. Only [`end_wait`](Self::end_wait) changes that.
    #[inline]
    pub(super) fn is_woken(&self) -> bool {
        self.state.load(Ordering::Relaxed) == NOTIFIED
    }

    /// Begins a wait with the role. If the thread has been woken already, consumes the wake-up and returns false.
    pub(super) fn begin_poll(&self) -> bool {
        self.begin_wait(POLLING)
    }

    /// Ends a wait. Returns whether the thread has been woken, and consumes the wake-up.
    pub(super) fn end_wait(&self) -> bool {
        self.state.swap(EMPTY, Ordering::AcqRel) == NOTIFIED
    }

    /// Waits without the role, at most for `timeout`. True if the thread has been woken.
    pub(crate) fn park(&self, timeout: Option<Duration>) -> bool {
        if !self.begin_wait(PARKED) {
            return true;
        }
        // Spurious returns are possible, and so are unparks that are not from this parker.
        match timeout {
            Some(timeout) => thread::park_timeout(timeout),
            None => thread::park(),
        }
        self.end_wait()
    }
}

/// Wakes the thread, whether it is parked or polls.
impl Wake for Parker {
    /// Drops the waker before it wakes the thread: a `block_on` that returns while a clone is left starts the reactor
    /// thread.
    fn wake(self: Arc<Self>) {
        match self.state.swap(NOTIFIED, Ordering::AcqRel) {
            PARKED => {
                let thread = self.thread.clone();
                drop(self);
                thread.unpark();
            }
            POLLING => {
                drop(self);
                signal(Token::WAKE_POLLER);
            }
            _ => {}
        }
    }

    fn wake_by_ref(self: &Arc<Self>) {
        match self.state.swap(NOTIFIED, Ordering::AcqRel) {
            PARKED => self.thread.unpark(),
            POLLING => signal(Token::WAKE_POLLER),
            _ => {}
        }
    }
}
