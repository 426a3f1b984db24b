//! What is measured on one executor, as plain data: children pass it to their parent.

use serde::{Deserialize, Serialize};

/// What the body measures on one executor.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Measured {
    /// The name of the reactor that serves the sleeps and fds.
    pub(crate) reactor: String,
    /// How long a sleep of three seconds, joined with one of one second, takes.
    pub(crate) join_ms: u64,
    /// Whether the shorter one of these ends first.
    pub(crate) bar_first: bool,
    /// Whether the shorter sleep wins a `select!`.
    pub(crate) select_ok: bool,
    /// Whether a byte arrives through a socket pair.
    pub(crate) fd_ok: bool,
    /// The median lateness of sleeps of 1 ms.
    pub(crate) late_p50_us: u64,
    /// The 99th percentile of their lateness.
    pub(crate) late_p99_us: u64,
    /// How many of them end before their deadline.
    pub(crate) early: u32,
    /// How often the sleep of three seconds is polled.
    pub(crate) polls: u32,
    /// The names of the threads that were started after dormouse was first used.
    pub(crate) threads_added: Vec<String>,
}
