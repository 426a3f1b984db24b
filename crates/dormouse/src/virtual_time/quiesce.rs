//! Waits until the other tasks have nothing to do, before time advances.
//!
//! A scoped future is busy from its creation or wake-up to the end of the next poll ([`Busy`]). A virtual time does not
//! know whether tasks without a scope have something to do. To let their executor run them, the wait yields a few times,
//! and more often as long as sleeps are created, registered or completed.
//!
//! # Invariants
//! - A wait does not wait for itself. It does not count the scoped futures inside whose polls it is, and wakes them by a
//!   [`Recheck`], which does not make them busy.
//! - Two waits do not wait for each other, because each marks the scoped futures inside whose polls it is as blocked: at
//!   once if it blocks the thread, and when it is polled for the second time in the same poll, which shows that another
//!   executor runs inside it. (Not in the first: the future may have other work to do in the same poll.)
//! - A wait ends. A scoped future that was woken may never be polled, because its executor is gone, or it may wake itself
//!   again and again. So after `TIME_LIMIT_NS` the wait ignores everything that is busy then, until it has been idle. What
//!   becomes busy later is waited for.
//! - Of two threads that wait and then advance time, the second does not overtake a task that the first has woken.
//!   The first: (1) under the lock on the clocks, advances to a deadline and counts the due timer as busy; (2) calls its
//!   waker, which counts the scoped task as busy; (3) subtracts the timer.
//!   The second: (1) under the same lock, finds no others busy; (2) advances under that lock.
//!   The lock orders the two first steps, and between (1) and the end of the next poll the timer or the task is counted.

use crate::clock::ClockId;
use crate::sync::lock;
use crate::virtual_clock::{Busy, Clocks, Recheck, Shared, scoped_polls};
use std::future::poll_fn;
use std::sync::Arc;
use std::task::Poll;

/// How long others are waited for, in real time.
const TIME_LIMIT_NS: u64 = 1_000_000_000;
/// After this many yields in a row without activity, tasks without a scope are assumed to have nothing to do.
const QUIET_YIELDS: u32 = 8;
/// After this many yields, tasks without a scope are not waited for any longer.
const MAX_YIELDS: u32 = 10_000;
/// After this many yields to the executor, the busy futures are assumed to be on other threads: the thread yields too.
const TASK_YIELDS: u32 = 64;

/// Since when others are busy, in real time: in ns of the monotonic clock.
#[derive(Default)]
pub(super) struct BusySince(Option<u64>);

impl BusySince {
    /// Whether something is busy other than the tasks `own`. After the time limit, it gives up on what is.
    pub(super) fn others_busy(&mut self, busy: &mut Busy, own: &[u64]) -> bool {
        if !busy.others(own) {
            self.0 = None;
            return false;
        }
        let now = ClockId::Monotonic.now_ns();
        let since = *self.0.get_or_insert(now);
        if now.saturating_sub(since) < TIME_LIMIT_NS {
            return true;
        }
        busy.give_up(own);
        self.0 = None;
        false
    }
}

/// The scoped futures inside whose polls a wait blocks the thread. They do not count as busy until it is dropped.
pub(super) struct Blocked<'a> {
    time: &'a Shared,
    tasks: Vec<u64>,
}

impl Blocked<'_> {
    pub(super) fn begin(time: &Arc<Shared>) -> Blocked<'_> {
        let tasks = scoped_polls(time);
        let tasks = lock(&time.clocks).busy.block(tasks);
        Blocked { time, tasks }
    }
}

impl Drop for Blocked<'_> {
    fn drop(&mut self) {
        lock(&self.time.clocks).busy.unblock(&self.tasks);
    }
}

/// Yields to the executor until no others are busy. Then calls `advance`, under the same lock on the clocks as the check.
pub(super) async fn quiesce<R>(time: &Arc<Shared>, mut advance: impl FnMut(&mut Clocks) -> R) -> R {
    let mut busy_since = BusySince::default();
    let mut polls = Vec::new();
    let mut yields = 0;
    let mut quiet_yields = 0;
    let mut last_activity = 0;
    let yielded = poll_fn(|cx| {
        let own = scoped_polls(time);
        let mut clocks = lock(&time.clocks);
        let activity = clocks.busy.activity();
        quiet_yields = if activity == last_activity { quiet_yields + 1 } else { 0 };
        last_activity = activity;
        let seen = std::mem::replace(&mut polls, clocks.busy.polls(&own));
        clocks.busy.suspend(polls.iter().filter(|poll| seen.contains(poll)));
        let is_quiet = quiet_yields >= QUIET_YIELDS || yields >= MAX_YIELDS;
        if is_quiet && !busy_since.others_busy(&mut clocks.busy, &own) {
            clocks.busy.resume(&own);
            return Poll::Ready(advance(&mut clocks));
        }
        drop(clocks);
        yields += 1;
        if yields > TASK_YIELDS {
            std::thread::yield_now();
        }
        Recheck::Others.wake(cx.waker());
        Poll::Pending
    });
    yielded.await
}
