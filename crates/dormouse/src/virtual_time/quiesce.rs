//! Waits until the other tasks have nothing to do, before time advances.
//!
//! A scoped future counts as busy from its creation or wake-up to the end of the next poll. A virtual time does not know
//! whether tasks without a scope have something to do. To let their executor run them, the wait yields a few times, and
//! more often as long as sleeps are created, registered or completed.
//!
//! # Invariants
//! - A wait does not wait for itself. A scoped future that waits in its own poll counts in `busy` and in `quiescing`; the
//!   *others* are `busy - quiescing`. So two scoped futures that both wait do not wait for each other.
//! - No other busy future is overlooked. A future is added to `quiescing` inside a poll, while it counts in `busy`, under
//!   the lock on the clocks; it is subtracted from `quiescing` before it is subtracted from `busy`. So a thread that
//!   holds the lock, and reads first `busy` and then `quiescing`, subtracts only futures that it has counted.
//!   A future counts in `quiescing` until its next poll, or until it is woken outside of its polls. So work that it does
//!   in the same poll, after it has polled an advance, is not waited for by other advances.
//! - Of two threads that wait and then advance time, the second does not overtake a task that the first has woken.
//!   The first: (1) under the lock on the clocks, advances to a deadline and counts the due timer as busy; (2) calls its
//!   waker, which counts the scoped task as busy; (3) subtracts the timer.
//!   The second: (1) under the same lock, finds no others busy; (2) advances under that lock.
//!   The lock orders the two first steps, and between (1) and the end of the next poll the timer or the task is counted.
//! - A wait ends. A scoped future that was woken may never be polled, because its executor is gone, or it may wake itself
//!   again and again. After `TIME_LIMIT` the others that are busy have timed out: from then on a wait continues only
//!   while more others are busy than have timed out. The number of those that have timed out falls with the number of
//!   others, so a future that becomes busy later is waited for.

use crate::sync::lock;
use crate::virtual_clock::{Clocks, QuiescingFlag, Shared, set_quiescing};
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long others are waited for, in real time.
const TIME_LIMIT: Duration = Duration::from_secs(1);
/// After this many yields in a row without activity, tasks without a scope are assumed to have nothing to do.
const QUIET_YIELDS: u32 = 8;
/// After this many yields, tasks without a scope are not waited for any longer.
const MAX_YIELDS: u32 = 10_000;
/// After this many yields to the executor, the busy futures are assumed to be on other threads: the thread yields too.
const TASK_YIELDS: u32 = 64;

/// A wait until no others are busy. It lasts until the value is dropped.
pub(super) struct QuiesceWait {
    time: Arc<Shared>,
    /// The flags that this wait has set, of the scoped futures that it waits inside.
    quiescing: Vec<Arc<QuiescingFlag>>,
    /// Since when more others are busy than have timed out, in real time.
    busy_since: Option<Instant>,
}

impl QuiesceWait {
    /// Begins a wait that blocks the thread.
    pub(super) fn begin(time: &Arc<Shared>) -> QuiesceWait {
        let mut wait = QuiesceWait::new(time);
        wait.poll(&mut lock(&time.clocks));
        wait
    }

    fn new(time: &Arc<Shared>) -> QuiesceWait {
        QuiesceWait { time: time.clone(), quiescing: Vec::new(), busy_since: None }
    }

    /// Called in each poll of a future that waits: the flags were cleared when the poll began.
    fn poll(&mut self, clocks: &mut Clocks) {
        let set = set_quiescing(&self.time, clocks);
        // Empty if this wait has been polled before in the same poll of the scoped future.
        if !set.is_empty() {
            self.quiescing = set;
        }
    }

    /// Whether the wait continues: more others are busy than have timed out. Exact under the lock on the clocks.
    pub(super) fn others_busy(&mut self) -> bool {
        let busy = self.time.busy.load(Ordering::SeqCst);
        let others = busy.saturating_sub(self.time.quiescing.load(Ordering::SeqCst));
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
        self.quiescing.iter().for_each(|flag| flag.clear(&self.time));
    }
}

/// Yields to the executor until no others are busy. Then calls `advance`, under the same lock on the clocks as the check.
pub(super) async fn quiesce<R>(time: &Arc<Shared>, mut advance: impl FnMut(&mut Clocks) -> R) -> R {
    let mut wait = None;
    let mut yields = 0;
    let mut quiet_yields = 0;
    let mut last_activity = 0;
    let yielded = poll_fn(|cx| {
        let wait = wait.get_or_insert_with(|| QuiesceWait::new(time));
        let activity = time.activity.load(Ordering::SeqCst);
        quiet_yields = if activity == last_activity { quiet_yields + 1 } else { 0 };
        last_activity = activity;
        let mut clocks = lock(&time.clocks);
        wait.poll(&mut clocks);
        let is_quiet = quiet_yields >= QUIET_YIELDS || yields >= MAX_YIELDS;
        if is_quiet && !wait.others_busy() {
            return Poll::Ready(advance(&mut clocks));
        }
        drop(clocks);
        yields += 1;
        if yields > TASK_YIELDS {
            std::thread::yield_now();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    yielded.await
}
