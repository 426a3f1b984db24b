//! What is measured on one executor, as plain data: children pass it to their parent.

use dormouse::stats::TimerStats;
use dormouse_tour::timers::Timers;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// What the body measures on one executor.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    /// The name of the reactor that serves the sleeps and fds.
    pub(crate) reactor: String,
    /// What the functions with timers alone measure.
    #[serde(flatten)]
    pub(crate) timers: Timers,
    /// Whether a byte arrives through a socket pair.
    pub(crate) fd_ok: bool,
    /// What `dormouse::stats()` reports of the reactor at the end.
    pub(crate) inside: Inside,
    /// The names of the threads that were started after dormouse was first used.
    pub(crate) threads_added: Vec<String>,
}

/// The timers and fds of the reactor that serves the executor, of all clocks.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct Inside {
    pub(crate) fired: u64,
    pub(crate) cancelled: u64,
    pub(crate) wakeups: u64,
    /// How late the reactor has woken the tasks: median, 99th percentile and maximum, of the clock on which most timers
    /// have fired.
    pub(crate) late_us: [u64; 3],
    pub(crate) fds: usize,
    pub(crate) reactor_thread_runs: bool,
}

impl Inside {
    /// Reads them from dormouse.
    pub(crate) fn of(reactor: &str) -> Inside {
        let stats = dormouse::stats();
        let Some(reactor) = stats.reactors.iter().find(|stats| stats.name == reactor) else {
            return Inside::default();
        };
        let sum = |count: fn(&TimerStats) -> u64| reactor.timers.iter().map(count).sum();
        let busiest = reactor.timers.iter().max_by_key(|timers| timers.fired);
        let late = busiest.map_or([Duration::ZERO; 3], |timers| {
            [timers.lateness.median, timers.lateness.p99, timers.lateness.max]
        });
        Inside {
            fired: sum(|timers| timers.fired),
            cancelled: sum(|timers| timers.cancelled),
            wakeups: sum(|timers| timers.wakeups),
            late_us: late.map(|late| late.as_micros() as u64),
            fds: reactor.fds,
            reactor_thread_runs: stats.reactor_thread_runs,
        }
    }
}
