//! Waits until the other tasks have nothing to do, before time advances.
//!
//! A scoped future counts as busy from its wake-up to the end of the next poll. Of other tasks the virtual time does
//! not know whether they have something to do. So that their executor can run them, the wait yields a few times, and
//! more often as long as sleeps are created or completed.
//!
//! # Invariants
//! - A wait does not wait for itself: the scoped polls that it happens inside are counted in `self_count` meanwhile. So
//!   two tasks that wait for the others do not wait for each other.
//! - [`QuiesceWait::others_busy`] is checked under the lock on the clocks, under which time then advances and the due
//!   timer is counted as busy. So of two threads that advance time, the second sees as busy what the first has fired.
//! - A wait ends. A scoped future that was woken may never be polled, since its executor is gone, and another may wake
//!   itself again and again. After `TIME_LIMIT` the futures that are busy have timed out: they are not waited for again
//!   until fewer are busy.

use crate::sync::lock;
use crate::virtual_clock::{Clocks, VirtualClock, scoped_polls};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long, in real time, others are waited for.
const TIME_LIMIT: Duration = Duration::from_secs(1);
/// This many yields in a row without activity are enough.
const QUIET_YIELDS: u32 = 8;
/// This many are enough, even if tasks without a scope are still active.
const MAX_YIELDS: u32 = 10_000;
/// After this many, the busy futures are assumed to be on other threads, and each yield is one of the thread too.
const YIELDS_ON_ONE_THREAD: u32 = 64;

/// A wait of the calling code for the others. Dropped at its end.
pub(super) struct QuiesceWait {
    time: Arc<VirtualClock>,
    /// What this wait has added to that of the virtual time.
    self_count: usize,
    /// Since when others are busy, in real time.
    busy_since: Option<Instant>,
}

impl QuiesceWait {
    pub(super) fn begin(time: &Arc<VirtualClock>) -> QuiesceWait {
        let self_count = scoped_polls(time);
        time.self_count.fetch_add(self_count, Ordering::SeqCst);
        QuiesceWait { time: time.clone(), self_count, busy_since: None }
    }

    /// Whether others are to be waited for: they are busy, and have not timed out.
    pub(super) fn others_busy(&mut self) -> bool {
        let busy = self.time.busy.load(Ordering::SeqCst);
        let others = busy.saturating_sub(self.time.self_count.load(Ordering::SeqCst));
        let timed_out = self.time.timed_out.fetch_min(others, Ordering::SeqCst).min(others);
        if others == timed_out {
            self.busy_since = None;
            return false;
        }
        if self.busy_since.get_or_insert_with(Instant::now).elapsed() < TIME_LIMIT {
            return true;
        }
        self.time.timed_out.store(others, Ordering::SeqCst);
        self.busy_since = None;
        false
    }
}

impl Drop for QuiesceWait {
    fn drop(&mut self) {
        self.time.self_count.fetch_sub(self.self_count, Ordering::SeqCst);
    }
}

/// Yields to the executor until no others are busy. Then calls `advance` under the same lock, before any can be again.
pub(super) async fn quiesce<R>(
    time: &Arc<VirtualClock>,
    mut advance: impl FnMut(&mut Clocks) -> R,
) -> R {
    let mut wait = None;
    let mut yields = 0;
    let mut quiet_yields = 0;
    let mut last_activity = 0;
    let yielded = poll_fn(|cx| {
        let wait = wait.get_or_insert_with(|| QuiesceWait::begin(time));
        let activity = time.activity.load(Ordering::SeqCst);
        quiet_yields = if activity == last_activity { quiet_yields + 1 } else { 0 };
        last_activity = activity;
        if quiet_yields >= QUIET_YIELDS || yields >= MAX_YIELDS {
            let mut clocks = lock(&time.clocks);
            if !wait.others_busy() {
                return Poll::Ready(advance(&mut clocks));
            }
        }
        yields += 1;
        if yields > YIELDS_ON_ONE_THREAD {
            std::thread::yield_now();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    yielded.await
}
