//! Plain data: a case to measure, its outcome, and the size of a run. Knows no workload and no peer.

use hdrhistogram::Histogram;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One measurement, as the parent process requests it from a child.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Case {
    pub(crate) workload: String,
    /// The title of its rows.
    pub(crate) label: String,
    /// Selects one of the forms of a workload that has several.
    pub(crate) variant: String,
    /// Number of timers, fds or connections.
    pub(crate) n: u64,
    pub(crate) threads: usize,
    /// Duration of a sleep, in microseconds.
    pub(crate) us: u64,
    /// Duration of the measurement, in milliseconds.
    pub(crate) ms: u64,
    pub(crate) rounds: usize,
}

/// What a child measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// Samples by metric. The name of a metric ends in its unit.
    pub(crate) values: BTreeMap<String, Vec<f64>>,
    /// Pairs of a lateness in ns and its count.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lateness: Vec<(u64, u64)>,
}

impl Outcome {
    pub(crate) fn put(&mut self, metric: &str, value: f64) {
        self.values.entry(metric.into()).or_default().push(value);
    }

    pub(crate) fn put_lateness(&mut self, histogram: &Histogram<u64>) {
        let recorded = histogram.iter_recorded();
        self.lateness =
            recorded.map(|step| (step.value_iterated_to(), step.count_at_value())).collect();
    }
}

/// How long a complete run may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Seconds, for tests: shows that the bench runs. Its numbers mean nothing.
    Tiny,
    /// Two minutes.
    Quick,
    /// Less than twenty minutes.
    Full,
}

impl Size {
    pub(crate) fn pick<T>(self, tiny: T, quick: T, full: T) -> T {
        match self {
            Size::Tiny => tiny,
            Size::Quick => quick,
            Size::Full => full,
        }
    }
}

/// `1_000` as `1 k`.
pub(crate) fn abbreviate(n: u64) -> String {
    match n {
        1_000_000.. => format!("{} M", n / 1_000_000),
        1_000.. => format!("{} k", n / 1_000),
        _ => n.to_string(),
    }
}
