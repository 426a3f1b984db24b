//! The counters of queues and reactors. `absent.rs` has the same names without the feature `stats`.
//!
//! # Invariants
//! - A counter of a shard is changed under the lock of the shard.
//! - [`QueueCounters`] are locked once for each call of `process`, of which a queue runs one at a time; by its shutdown;
//!   and by a reader. So threads do not contend for them.
//! - An fd is counted while its [`CountedFd`] exists. In the child of a fork, the inherited ones change a counter that
//!   is not read any more.

use super::{Lateness, TimerStats};
use crate::fork::PerProcess;
use crate::sync::{Mutex, lock, loom_const_fn};
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
    drained: u64,
    /// In ns. `None` before the first timer has fired: a histogram takes 27 KB.
    lateness: Option<Histogram<u64>>,
}

impl QueueCounters {
    loom_const_fn! {
        pub(crate) const fn new() -> QueueCounters {
            QueueCounters(Mutex::new(Counts { wakeups: 0, drained: 0, lateness: None }))
        }
    }

    /// Counts a wake-up of the queue at `now`, which has removed timers with these deadlines. Those that are not due were
    /// drained.
    pub(crate) fn woken(&self, now: u64, deadlines: impl Iterator<Item = u64>) {
        let counts = &mut *lock(&self.0);
        counts.wakeups += 1;
        for deadline in deadlines {
            match now.checked_sub(deadline) {
                Some(late) => counts.record(late),
                None => counts.drained += 1,
            }
        }
    }

    /// Counts a wake-up because the clock was set, which has removed all `timers`.
    pub(crate) fn clock_set(&self, timers: usize) {
        lock(&self.0).wakeups += 1;
        self.drained(timers);
    }

    /// Counts timers that were removed to be inserted again.
    pub(crate) fn drained(&self, timers: usize) {
        lock(&self.0).drained += timers as u64;
    }
}

impl Counts {
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
    pub(crate) cancelled: u64,
    drained: u64,
    wakeups: u64,
    lateness: Option<Histogram<u64>>,
}

impl QueueTotals {
    pub(crate) fn add(&mut self, counters: &QueueCounters) {
        let counts = lock(&counters.0);
        self.wakeups += counts.wakeups;
        self.drained += counts.drained;
        match (&mut self.lateness, &counts.lateness) {
            // All histograms have the same bounds, so this succeeds.
            (Some(sum), Some(lateness)) => drop(sum.add(lateness)),
            (sum @ None, Some(lateness)) => *sum = Some(lateness.clone()),
            (_, None) => {}
        }
    }

    pub(crate) fn into_stats(self, clock: &'static str) -> TimerStats {
        let QueueTotals { pending, cancelled, drained, wakeups, lateness } = self;
        let fired = lateness.as_ref().map_or(0, Histogram::len);
        let lateness = lateness.map(|all| Lateness {
            median: Duration::from_nanos(all.value_at_quantile(0.5)),
            p99: Duration::from_nanos(all.value_at_quantile(0.99)),
            max: Duration::from_nanos(all.max()),
        });
        let lateness = lateness.unwrap_or_default();
        TimerStats { clock, pending, fired, cancelled, drained, wakeups, lateness }
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
