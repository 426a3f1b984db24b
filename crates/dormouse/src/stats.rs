//! What the timers and reactors of this process have done: how many timers are pending, how late timers fire, which
//! reactor watches how many fds.
//!
//! [`dormouse::stats`](crate::stats()) returns a snapshot of plain data. Its `Display` prints a table, for a log or a
//! debugger:
//!
//! ```text
//! reactor   clock       pending     fired cancelled  wake-ups    median       p99       max
//! builtin   Boottime          2      1200        31      1187      71µs     128µs     343µs
//! tokio     Boottime          0        40         0        40      82µs     196µs     196µs
//! fds watched: 3 by builtin, 1 by tokio; the reactor thread runs
//! ```
//!
//! The [events](crate::events) of the feature `tracing` report each late sleep, with the place that has created it.
//!
//! Counting costs the insertion of a timer nothing, and its removal one addition under a lock that it takes anyway.
//! Lateness is recorded by the thread that processes a queue, so threads do not contend for the histogram.
//!
//! The feature `stats` has no other effect. Without it, the counters do not exist.
//!
//! The types are data: the counters behind them are in `counters`, and `timer::stats` reads them. This module knows
//! neither queues nor reactors.

mod counters;
mod table;
mod wall_clock;

pub(crate) use counters::{Count, CountedFd, QueueCounters, QueueTotals, fds};

use std::time::Duration;

/// A snapshot of the timers and reactors of this process, returned by [`dormouse::stats`](crate::stats()).
///
/// The counts are read one after the other while threads go on, so they may be apart by what happens meanwhile.
///
/// ```
/// println!("{}", dormouse::stats());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// One for each reactor that the enabled features include.
    pub reactors: Vec<ReactorStats>,
    /// Whether the thread of the builtin reactor, `dormouse`, runs. See [`block_on`](crate::block_on()#threads) for when
    /// it starts.
    pub reactor_thread_runs: bool,
}

impl Stats {
    /// The timers of all clocks on all reactors.
    ///
    /// ```
    /// let pending: usize = dormouse::stats().timers().map(|timers| timers.pending).sum();
    /// assert_eq!(pending, 0);
    /// ```
    pub fn timers(&self) -> impl Iterator<Item = &TimerStats> {
        self.reactors.iter().flat_map(|reactor| &reactor.timers)
    }
}

/// What one reactor watches. All tokio runtimes of the process count as one.
///
/// ```
/// for reactor in dormouse::stats().reactors {
///     println!("{} watches {} fds", reactor.name, reactor.fds);
/// }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReactorStats {
    /// As [`Reactor::name`](crate::reactor::Reactor::name) returns it: `"builtin"`, `"async-io"` or `"tokio"`.
    pub name: &'static str,
    /// How many fds are registered: those of the program, and a timerfd for each clock that has timers there.
    /// A connection that was accepted or established is counted from its first wait on. An fd of a tokio runtime that has
    /// shut down is counted there until its next wait, or until it is dropped.
    pub fds: usize,
    /// One for each clock.
    pub timers: Vec<TimerStats>,
}

/// The timers of one clock on one reactor. A sleep has a timer from its first poll on, while it is pending.
///
/// ```
/// use dormouse::stats::TimerStats;
///
/// fn late(timers: &TimerStats) -> bool {
///     timers.lateness.p99.as_millis() > 5
/// }
/// assert!(!dormouse::stats().timers().any(late));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimerStats {
    /// The name of its type: `"Boottime"`, `"Monotonic"` or `"Realtime"`.
    pub clock: &'static str,
    /// Timers that wait for their deadline.
    pub pending: usize,
    /// Timers that have reached their deadline: the reactor has woken the task, or the task has polled the sleep before
    /// that. A sleep that was reset to a later deadline has fired at the former one too.
    pub fired: u64,
    /// Timers that were removed without having fired: the sleep was dropped, or its task has to insert another timer,
    /// because the sleep has moved to another reactor, the tokio runtime has shut down, or the clock was set or has gone
    /// back.
    pub cancelled: u64,
    /// How often the reactor has called the queue of the timers, because a deadline had passed or the clock was set. With
    /// many timers that is less often than they fire.
    pub wakeups: u64,
    /// How late the timers have fired.
    pub lateness: Lateness,
}

/// How late the reactor was: the time from the deadline of a timer until the reactor has woken the task. The executor may
/// poll the task later still, which is not counted.
///
/// Recorded in a histogram with a resolution of one percent, for as long as the process runs. Zero if the reactor has woken
/// no task. More than an hour counts as an hour. Two kinds of timers that have fired are left out:
/// - those whose sleep was polled after the deadline, before the reactor has woken the task. So if a task in
///   [`block_on`](crate::block_on()) blocks its thread, which polls the reactor too, its own sleeps are left out;
/// - those on the wall clock that have become due because that clock was set forward.
///
/// A suspend is not left out: a timer of `Boottime` that has become due meanwhile fires when the machine resumes, and is
/// late by the rest of the suspend.
///
/// ```
/// let stats = dormouse::stats();
/// let worst = stats.timers().map(|timers| timers.lateness.max).max();
/// println!("no timer was later than {worst:?}");
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Lateness {
    /// Half of the timers were not later than this.
    pub median: Duration,
    /// 99 of 100 were not later than this.
    pub p99: Duration,
    /// The latest.
    pub max: Duration,
}
