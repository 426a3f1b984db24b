//! The counters of queues and reactors. `absent.rs` has the same names without the feature `stats`.
//!
//! # Invariants
//! - A counter of a shard is changed under the lock of the shard.
//! - [`QueueCounters`] are locked once for each call of `process`, of which a queue runs one at a time; at the start and
//!   the shutdown of the queue; and by a reader. So threads do not contend for them.
//! - Each timer that has left its shard is counted once: as fired or as cancelled, by the shard or by the queue.
//! - An fd is counted while its [`CountedFd`] exists. In the child of a fork, the inherited ones change a counter that
//!   is not read any more.

use super::wall_clock::{self, StepDetector};
use super::{Lateness, TimerStats};
use crate::fork::PerProcess;
use crate::sync::{Mutex, lock, loom_const_fn};
use crate::system_clock::{ClockId, Offset};
use hdrhistogram::Histogram;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// A counter behind a lock of its owner.
#[derive(Debug)]
pub(crate) struct Count(u64);

impl Count {
    pub(crate) const ZERO: Count = Count(0);

    #[inline]
    pub(crate) fn increment(&mut self) {
        self.0 += 1;
    }

    pub(crate) fn get(&self) -> u64 {
        self.0
    }
}

/// What a queue counts when it is processed.
#[derive(Debug)]
pub(crate) struct QueueCounters(Mutex<Counts>);

#[derive(Debug)]
struct Counts {
    wakeups: u64,
    fired: u64,
    cancelled: u64,
    /// In ns. `None` before the first timer has fired: a histogram takes 27 KB.
    lateness: Option<Histogram<u64>>,
    /// Of the queue of the wall clock.
    steps: StepDetector,
}

impl QueueCounters {
    loom_const_fn! {
        pub(crate) const fn new() -> QueueCounters {
            QueueCounters(Mutex::new(Counts::new()))
        }
    }

    /// The queue has started: from here on, steps of the wall clock are noticed.
    pub(crate) fn started(&self, clock: ClockId) {
        if clock == ClockId::Realtime {
            let offset = wall_clock::measure();
            lock(&self.0).steps.start(offset);
        }
    }

    /// Counts a wake-up of the queue at `now`, which has removed timers with these deadlines. Those that are not due were
    /// removed because the clock was set.
    pub(crate) fn woken(&self, clock: ClockId, now: u64, deadlines: impl Iterator<Item = u64>) {
        // After `now` was read, so a step that has made a timer due is noticed: see `StepDetector`.
        let offset = (clock == ClockId::Realtime).then(wall_clock::measure);
        lock(&self.0).woken(now, offset, deadlines);
    }

    /// Counts timers that were removed, to be inserted into another queue.
    pub(crate) fn cancelled(&self, timers: usize) {
        lock(&self.0).cancelled += timers as u64;
    }
}

impl Counts {
    const fn new() -> Counts {
        let steps = StepDetector::new();
        Counts { wakeups: 0, fired: 0, cancelled: 0, lateness: None, steps }
    }

    fn woken(&mut self, now: u64, offset: Option<Offset>, deadlines: impl Iterator<Item = u64>) {
        self.wakeups += 1;
        let clock_was_set = offset.is_some_and(|offset| self.steps.was_set(offset));
        for deadline in deadlines {
            match now.checked_sub(deadline) {
                Some(late) => {
                    self.fired += 1;
                    if !clock_was_set {
                        self.record(late);
                    }
                }
                None => self.cancelled += 1,
            }
        }
    }

    fn record(&mut self, late_ns: u64) {
        if self.lateness.is_none() {
            self.lateness = new_histogram();
        }
        self.lateness.iter_mut().for_each(|lateness| lateness.saturating_record(late_ns));
    }
}

/// From a microsecond to an hour; what is later counts as an hour. `None` cannot happen: the bounds are valid.
fn new_histogram() -> Option<Histogram<u64>> {
    const LOWEST_NS: u64 = 1_000;
    const HIGHEST_NS: u64 = 3_600_000_000_000;
    const SIGNIFICANT_DIGITS: u8 = 2;
    Histogram::new_with_bounds(LOWEST_NS, HIGHEST_NS, SIGNIFICANT_DIGITS).ok()
}

/// The sum over several queues.
#[derive(Default)]
pub(crate) struct QueueTotals {
    pub(crate) pending: usize,
    pub(crate) fired: u64,
    pub(crate) cancelled: u64,
    wakeups: u64,
    lateness: Option<Histogram<u64>>,
}

impl QueueTotals {
    pub(crate) fn add(&mut self, counters: &QueueCounters) {
        let counts = lock(&counters.0);
        self.wakeups += counts.wakeups;
        self.fired += counts.fired;
        self.cancelled += counts.cancelled;
        match (&mut self.lateness, &counts.lateness) {
            // All histograms have the same bounds, so this succeeds.
            (Some(sum), Some(lateness)) => drop(sum.add(lateness)),
            (sum @ None, Some(lateness)) => *sum = Some(lateness.clone()),
            (_, None) => {}
        }
    }

    pub(crate) fn into_stats(self, clock: &'static str) -> TimerStats {
        let QueueTotals { pending, fired, cancelled, wakeups, lateness } = self;
        let lateness = lateness.map(|all| Lateness {
            median: Duration::from_nanos(all.value_at_quantile(0.5)),
            p99: Duration::from_nanos(all.value_at_quantile(0.99)),
            max: Duration::from_nanos(all.max()),
        });
        let lateness = lateness.unwrap_or_default();
        TimerStats { clock, pending, fired, cancelled, wakeups, lateness }
    }
}

/// The names of the reactors, each with its counter in [`FDS`].
const REACTORS: [&str; 3] = ["builtin", "async-io", "tokio"];

type FdCounts = [AtomicUsize; REACTORS.len()];

static FDS: PerProcess<FdCounts> = PerProcess::new([const { AtomicUsize::new(0) }; REACTORS.len()]);

/// How many fds are registered with the reactor of this name.
fn counter(reactor: &str) -> Option<&'static AtomicUsize> {
    let index = REACTORS.iter().position(|name| *name == reactor)?;
    Some(&FDS.get(|_| FdCounts::default())[index])
}

/// How many fds are registered with a reactor.
pub(crate) fn fds(reactor: &str) -> usize {
    counter(reactor).map_or(0, |counter| counter.load(Ordering::Relaxed))
}

/// Counts an fd that is registered with a reactor.
#[derive(Debug)]
pub(crate) struct CountedFd(Option<&'static AtomicUsize>);

impl CountedFd {
    /// Of an fd that is not registered.
    pub(crate) const NONE: CountedFd = CountedFd(None);

    pub(crate) fn new(reactor: &'static str) -> CountedFd {
        let counter = counter(reactor);
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
        CountedFd(counter)
    }
}

impl Drop for CountedFd {
    fn drop(&mut self) {
        if let Some(counter) = self.0 {
            counter.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;
    /// What the wall clock shows when the boot-time clock shows 0.
    const BOOTED_AT: u64 = 1_700_000_000 * SECOND;

    fn started() -> Counts {
        let mut counts = Counts::new();
        counts.steps.start(Offset::known(BOOTED_AT, 0));
        counts
    }

    fn latest(counts: &Counts) -> u64 {
        counts.lateness.as_ref().map_or(0, Histogram::max)
    }

    #[test]
    fn lateness_leaves_out_timers_that_a_step_of_the_wall_clock_has_made_due() {
        let mut counts = started();
        let hour = 3600 * SECOND;
        // Two timers, due in a minute and in an hour; after a second, the wall clock is set forward by half an hour.
        let [soon, late] = [60 * SECOND, hour].map(|after| BOOTED_AT + after);
        let now = BOOTED_AT + hour / 2 + SECOND;
        let offset = Some(Offset::known(BOOTED_AT + hour / 2, 0));
        counts.woken(now, offset, [soon, late].into_iter());
        assert_eq!((counts.fired, counts.cancelled, latest(&counts)), (1, 1, 0));

        // From the next wake-up on the clock agrees with the boot-time clock again.
        counts.woken(now + SECOND, offset, [].into_iter());
        counts.woken(late + SECOND, offset, [late].into_iter());
        assert_eq!((counts.fired, counts.cancelled), (2, 1));
        assert!((SECOND..SECOND + SECOND / 50).contains(&latest(&counts)), "{}", latest(&counts));
    }

    #[test]
    fn lateness_leaves_out_timers_that_a_step_during_the_wake_up_before_has_made_due() {
        let mut counts = started();
        let due = BOOTED_AT + 60 * SECOND;
        // The clock is set between the reading of `now` and the measurement of the offset.
        let offset = Some(Offset::known(BOOTED_AT + 3600 * SECOND, 0));
        counts.woken(BOOTED_AT + SECOND, offset, [].into_iter());
        counts.woken(BOOTED_AT + 3601 * SECOND, offset, [due].into_iter());
        assert_eq!((counts.fired, latest(&counts)), (1, 0));
    }

    #[test]
    fn lateness_includes_timers_on_a_wall_clock_that_was_not_set() {
        let mut counts = started();
        let due = BOOTED_AT + SECOND;
        counts.woken(due + SECOND, Some(Offset::known(BOOTED_AT, 0)), [due].into_iter());
        assert!(latest(&counts) >= SECOND);
    }

    #[test]
    fn timers_that_a_step_back_removes_are_cancelled() {
        let mut counts = started();
        let due = BOOTED_AT + 10 * SECOND;
        counts.woken(due - SECOND, Some(Offset::known(BOOTED_AT - SECOND, 0)), [due].into_iter());
        assert_eq!((counts.fired, counts.cancelled, counts.wakeups), (0, 1, 1));
    }
}
