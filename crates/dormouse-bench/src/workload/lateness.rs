//! W4: how late a single sleep is, on an idle machine and with all cores busy.

use super::support::histogram;
use crate::case::{Case, Outcome, Size};
use crate::peer::Peer;
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut cases = Vec::new();
    for load in ["idle", "loaded"] {
        for (us, name) in [(100, "100 us"), (1_000, "1 ms"), (5_000, "5 ms"), (20_000, "20 ms")] {
            cases.push(Case {
                workload: "w4".into(),
                label: format!("{name}, {load}"),
                variant: load.into(),
                us,
                ms: size.pick(1, 40, 200).max(us / 1000 * size.pick(1, 4, 20)),
                rounds: size.pick(1, 2, 5),
                ..Case::default()
            });
        }
    }
    cases
}

/// Records the lateness of each sleep, for as many sleeps as fit into the case's time.
struct Recorder {
    duration: Duration,
    until: Instant,
    histogram: hdrhistogram::Histogram<u64>,
    early: u32,
}

impl Recorder {
    fn new(case: &Case) -> Recorder {
        let until = Instant::now() + Duration::from_millis(case.ms);
        let duration = Duration::from_micros(case.us);
        Recorder { duration, until, histogram: histogram(), early: 0 }
    }

    fn is_over(&self) -> bool {
        Instant::now() >= self.until && !self.histogram.is_empty()
    }

    fn record(&mut self, start: Instant) {
        let slept = start.elapsed();
        self.early += u32::from(slept < self.duration);
        let late = slept.saturating_sub(self.duration).as_nanos() as u64;
        self.histogram.saturating_record(late.max(1));
    }

    fn outcome(&self) -> Outcome {
        let mut outcome = Outcome::default();
        outcome.put("early", self.early.into());
        outcome.put_lateness(&self.histogram);
        outcome
    }
}

pub(super) async fn task<P: Peer>(case: Case) -> Outcome {
    let mut recorder = Recorder::new(&case);
    while !recorder.is_over() {
        let start = Instant::now();
        P::sleep(recorder.duration).await;
        recorder.record(start);
    }
    recorder.outcome()
}

/// The same with a sleep that blocks.
pub(super) fn measure_blocking(case: &Case, mut sleep: impl FnMut(Duration)) -> Outcome {
    let _load = start_load(case);
    let mut recorder = Recorder::new(case);
    while !recorder.is_over() {
        let start = Instant::now();
        sleep(recorder.duration);
        recorder.record(start);
    }
    recorder.outcome()
}

/// Keeps one busy thread per core running until it is dropped.
pub(super) struct Load(Arc<AtomicBool>);

/// The load that a case needs, if any.
pub(super) fn start_load(case: &Case) -> Option<Load> {
    if case.variant != "loaded" {
        return None;
    }
    let stop = Arc::new(AtomicBool::new(false));
    for _ in 0..std::thread::available_parallelism().map_or(1, usize::from) {
        let stop = stop.clone();
        std::thread::spawn(move || {
            let mut x = 1u64;
            while !stop.load(Ordering::Relaxed) {
                x = black_box(x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
            }
        });
    }
    Some(Load(stop))
}

impl Drop for Load {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
