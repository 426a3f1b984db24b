//! W2: moves a deadline: of one sleep repeatedly, or of a random sleep of many.

use super::support::{FAR, Random, WARM_UP, cpu_ns, park_once, pending_sleeps};
use crate::case::{Case, Outcome, Size, abbreviate};
use crate::peer::Peer;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::Poll;
use std::time::{Duration, Instant};

const BATCH: u64 = 1000;

pub(super) fn cases(size: Size) -> Vec<Case> {
    let many = size.pick(1_000, 100_000, 100_000);
    [
        (1, "hot", "one sleep, later each time".into()),
        (many, "random", format!("a random one of {}", abbreviate(many))),
    ]
    .map(|(n, variant, label)| Case {
        workload: "w2".into(),
        label,
        variant: variant.into(),
        n,
        ms: size.pick(2, 40, 100),
        rounds: size.pick(1, 3, 6),
        ..Case::default()
    })
    .into()
}

pub(super) fn measure<P: Peer>(peer: &P, case: &Case) -> Result<Outcome, String> {
    park_once(peer);
    let outcome = peer.block_on(async {
        let mut sleeps = pending_sleeps::<P>(case.n).await;
        // The driver must park first, as in W1.
        P::sleep(Duration::from_millis(2)).await;
        let outcome = poll_fn(|_| Poll::Ready(resets::<P>(&mut sleeps, case))).await;
        std::mem::forget(sleeps);
        outcome
    });
    outcome.ok_or_else(|| "has no reset".into())
}

/// Returns None if the timer has no reset.
fn resets<P: Peer>(sleeps: &mut [Pin<Box<P::Sleep>>], case: &Case) -> Option<Outcome> {
    if !P::reset(sleeps[0].as_mut(), FAR) {
        return None;
    }
    let mut outcome = Outcome::default();
    let mut random = Random::new();
    let mut batch = || {
        let start = Instant::now();
        for _ in 0..BATCH {
            if case.variant == "hot" {
                P::reset(sleeps[0].as_mut(), FAR);
            } else {
                let i = random.below(case.n) as usize;
                let duration = FAR + Duration::from_micros(random.below(1_000_000));
                P::reset(sleeps[i].as_mut(), duration);
            }
        }
        start.elapsed().as_nanos() as f64 / BATCH as f64
    };
    let warm_up = Instant::now();
    while warm_up.elapsed() < WARM_UP {
        batch();
    }
    let (before, start, mut count) = (cpu_ns(), Instant::now(), 0);
    while count == 0 || start.elapsed() < Duration::from_millis(case.ms) {
        outcome.put("wall ns", batch());
        count += BATCH;
    }
    outcome.put("cpu ns", (cpu_ns() - before) / count as f64);
    Some(outcome)
}
