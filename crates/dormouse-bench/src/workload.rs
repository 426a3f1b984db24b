//! What is measured. One case of one workload is one process: see [`crate::child`].

mod churn;
pub(crate) mod fds;
mod fire;
pub(crate) mod lateness;
mod memory;
mod reset;
mod timeouts;
pub(crate) mod wakeups;

use crate::peer::Peer;
use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// Later than any measurement lasts.
const FAR: Duration = Duration::from_secs(1000);

/// One measurement, as the parent asks a child for it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Case {
    pub(crate) workload: String,
    /// The title of its rows.
    pub(crate) label: String,
    /// Tells the cases of a workload apart that differ by more than a number.
    pub(crate) variant: String,
    /// How many timers, or fds.
    pub(crate) n: u64,
    pub(crate) threads: usize,
    /// How long a sleep is, in microseconds.
    pub(crate) us: u64,
    /// How long to measure, in milliseconds.
    pub(crate) ms: u64,
    pub(crate) rounds: usize,
}

/// What a child measured.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// By metric, whose name ends in its unit.
    pub(crate) values: BTreeMap<String, Vec<f64>>,
    /// Lateness in ns, and how often.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lateness: Vec<(u64, u64)>,
}

impl Outcome {
    fn put(&mut self, metric: &str, value: f64) {
        self.values.entry(metric.into()).or_default().push(value);
    }

    fn put_lateness(&mut self, histogram: &Histogram<u64>) {
        let recorded = histogram.iter_recorded();
        self.lateness =
            recorded.map(|step| (step.value_iterated_to(), step.count_at_value())).collect();
    }
}

/// Runs one case with one peer.
pub(crate) fn measure<P: Peer>(case: &Case) -> Result<Outcome, String> {
    if let Some((limit, why)) = P::limit() {
        if at_once(case) > limit {
            return Err(format!("at most {limit} at once: {why}"));
        }
    }
    fits(at_once(case))?;
    let peer = P::start()?;
    match case.workload.as_str() {
        "w1" => Ok(churn::measure(&peer, case)),
        "w2" => reset::measure(&peer, case),
        "w3" => Ok(fire::measure(&peer, case)),
        "w4" => Ok(lateness::measure(&peer, case)),
        "w5" => Ok(memory::measure(&peer, case)),
        "w6" => Ok(wakeups::measure(&peer, case)),
        "w8" => Ok(timeouts::measure(&peer, case)),
        other => Err(format!("no workload is called {other}")),
    }
}

/// Says no before the kernel has to end a process of its choice.
fn fits(n: u64) -> Result<(), String> {
    /// What the heaviest peer takes for a timer, and some more.
    const HEAVIEST: u64 = 800;
    let read = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
    let line = read.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|rest| rest.trim().trim_end_matches(" kB").parse::<u64>().ok());
    let mib = |bytes: u64| bytes >> 20;
    match kib.map(|kib| kib * 1024) {
        Some(free) if n * HEAVIEST > free => {
            Err(format!("may take {} MiB, and {} MiB are free", mib(n * HEAVIEST), mib(free)))
        }
        _ => Ok(()),
    }
}

/// What of a workload is a task, for [`Peer::run`].
pub(crate) async fn task<P: Peer>(case: Case) -> Outcome {
    match case.workload.as_str() {
        "w3" => fire::task::<P>(case).await,
        "w4" => lateness::task::<P>(case).await,
        "w6" => wakeups::task::<P>(case).await,
        "w8" => timeouts::task::<P>(case).await,
        other => unreachable!("{other} is no task"),
    }
}

/// How many timers are pending at once.
pub(crate) fn at_once(case: &Case) -> u64 {
    if case.workload == "w6" { wakeups::at_once(case) } else { case.n }
}

/// Lateness from 1 ns to a minute, to three digits.
fn histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("valid bounds");
    histogram.auto(true);
    histogram
}

/// The CPU time that this process has used, in all its threads, in ns.
fn cpu_ns() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Lets the reactor start, and its driver park once: before that a registration may be cheaper or
/// dearer than ever after.
fn park_once<P: Peer>(peer: &P) {
    // Made inside, because tokio's can be made nowhere else.
    peer.block_on(async { P::sleep(Duration::from_millis(2)).await });
}

/// Leaves `n` sleeps pending, a box each, in an order that is not that of their deadlines.
async fn pending<P: Peer>(n: u64) -> Vec<Pin<Box<P::Sleep>>> {
    let spread = |i: u64| FAR + Duration::from_micros(i * 7919 % 1_000_000);
    let mut sleeps: Vec<_> = (0..n).map(|i| Box::pin(P::sleep(spread(i)))).collect();
    poll_fn(|cx| {
        for sleep in &mut sleeps {
            assert!(sleep.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(())
    })
    .await;
    sleeps
}

/// Numbers that look random and are the same in each run.
struct Random(u64);

impl Random {
    fn new() -> Random {
        Random(0x9E37_79B9_7F4A_7C15)
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

/// All cases, of a size.
pub(crate) fn cases(size: Size) -> Vec<Case> {
    let mut all = Vec::new();
    all.extend(churn::cases(size));
    all.extend(reset::cases(size));
    all.extend(fire::cases(size));
    all.extend(lateness::cases(size));
    all.extend(memory::cases(size));
    all.extend(wakeups::cases(size));
    all.extend(fds::cases(size));
    all.extend(timeouts::cases(size));
    all
}

/// How long the whole may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    /// Seconds, for tests: says that the bench runs, and nothing else.
    Tiny,
    /// Two minutes.
    Quick,
    /// A quarter of an hour.
    Full,
}

impl Size {
    fn pick<T>(self, tiny: T, quick: T, full: T) -> T {
        match self {
            Size::Tiny => tiny,
            Size::Quick => quick,
            Size::Full => full,
        }
    }
}

/// The name of each workload, and what it is.
pub(crate) const NAMES: &[(&str, &str)] = &[
    ("w1", "create, poll once and drop a sleep, with others pending"),
    ("w2", "reset a pending sleep"),
    ("w3", "timers that fire, spread over one second"),
    ("w4", "how late one sleep is"),
    ("w5", "memory of a pending timer, with one million of them"),
    ("w6", "wake-ups (voluntary context switches of all threads) and system calls"),
    ("w7", "file descriptors: ping-pong, registration, an HTTP server"),
    ("w8", "a timeout that does not fire"),
];

/// `1_000` as `1 k`.
pub(crate) fn short(n: u64) -> String {
    match n {
        1_000_000.. => format!("{} M", n / 1_000_000),
        1_000.. => format!("{} k", n / 1_000),
        _ => n.to_string(),
    }
}
