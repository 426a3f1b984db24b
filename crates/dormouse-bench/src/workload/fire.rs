//! W3: many timers that fire within one second: CPU time of the process per timer, and lateness.
//!
//! One task awaits all of them in a `FuturesUnordered`, so that each has its own waker and no spawn is measured.
//! They are created and registered before the first is due; this is not measured.

use super::support::{Random, cpu_ns, histogram};
use crate::case::{Case, Outcome, Size, abbreviate};
use crate::peer::Peer;
use futures_util::stream::{FuturesUnordered, Stream};
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

const SPREAD_NS: u64 = 1_000_000_000;

pub(super) fn cases(size: Size) -> Vec<Case> {
    // A round takes more than one second, and several seconds with a million timers. The CPU time of a round is
    // a mean over all its timers, so few rounds are enough.
    let counts: &[u64] = size.pick(&[100], &[100_000], &[1_000, 100_000, 1_000_000]);
    let case = |&n: &u64| Case {
        workload: "w3".into(),
        label: format!("{} timers", abbreviate(n)),
        n,
        rounds: size.pick(1, 1, if n == 100_000 { 4 } else { 2 }),
        ..Case::default()
    };
    counts.iter().map(case).collect()
}

pub(super) async fn task<P: Peer>(case: Case) -> Outcome {
    let n = case.n;
    let sample_every = if n >= 10_000 { 100 } else { 1 };
    // Time to create them all. It takes at most 1 us each, with a reactor thread running, and several times that
    // under load from outside.
    let lead = Duration::from_millis(300) + Duration::from_nanos(n * 4000);
    let base = Instant::now() + lead;
    let (mut random, mut last) = (Random::new(), base);
    let timers = FuturesUnordered::new();
    for i in 0..n {
        let deadline = base + Duration::from_nanos(random.below(SPREAD_NS));
        last = last.max(deadline);
        timers.push(timer::<P>(deadline, i % sample_every == 0));
    }
    drain(timers, base, last, n).await
}

/// Returns the lateness in ns if `sampled`; it is negative if the timer fired early.
async fn timer<P: Peer>(deadline: Instant, sampled: bool) -> Option<i64> {
    P::sleep(deadline.saturating_duration_since(Instant::now())).await;
    sampled.then(|| {
        let now = Instant::now();
        let late = now.saturating_duration_since(deadline).as_nanos() as i64;
        late - deadline.saturating_duration_since(now).as_nanos() as i64
    })
}

async fn drain<F: Future<Output = Option<i64>>>(
    mut timers: FuturesUnordered<F>,
    base: Instant,
    last: Instant,
    n: u64,
) -> Outcome {
    let mut outcome = Outcome::default();
    let mut lateness = histogram();
    let mut early = 0;
    // The first poll polls each timer once, which registers it.
    poll_fn(|cx| {
        assert!(Pin::new(&mut timers).poll_next(cx).is_pending(), "one fired too soon");
        Poll::Ready(())
    })
    .await;
    outcome.put("headroom ms", base.saturating_duration_since(Instant::now()).as_secs_f64() * 1e3);
    let before = cpu_ns();
    while let Some(fired) = poll_fn(|cx| Pin::new(&mut timers).poll_next(cx)).await {
        if let Some(ns) = fired {
            early += u64::from(ns < 0);
            lateness.saturating_record(ns.max(1) as u64);
        }
    }
    outcome.put("overrun ms", last.elapsed().as_secs_f64() * 1e3);
    outcome.put("cpu ns", (cpu_ns() - before) / n as f64);
    outcome.put("early", early as f64);
    outcome.put_lateness(&lateness);
    outcome
}
