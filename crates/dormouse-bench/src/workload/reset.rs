//! W2: moving a deadline, of one sleep again and again, or of one in many.

use super::{Case, FAR, Outcome, Random, Size, cpu_ns, park_once, pending, short};
use crate::peer::Peer;
use std::future::poll_fn;
use std::task::Poll;
use std::time::{Duration, Instant};

pub(super) fn cases(size: Size) -> Vec<Case> {
    let many = size.pick(1_000, 100_000, 100_000);
    [
        (1, "hot", "one, to later each time".into()),
        (many, "random", format!("random of {}", short(many))),
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
    let mut outcome = Outcome::default();
    let can = peer.block_on(async {
        let mut sleeps = pending::<P>(case.n).await;
        // For the reason that W1 has.
        P::sleep(Duration::from_millis(2)).await;
        let can = poll_fn(|_| {
            if !P::reset(sleeps[0].as_mut(), FAR) {
                return Poll::Ready(false);
            }
            let mut random = Random::new();
            let mut batch = |n: u64| {
                let start = Instant::now();
                for _ in 0..n {
                    if case.variant == "hot" {
                        P::reset(sleeps[0].as_mut(), FAR);
                    } else {
                        let i = random.below(case.n) as usize;
                        let duration = FAR + Duration::from_micros(random.below(1_000_000));
                        P::reset(sleeps[i].as_mut(), duration);
                    }
                }
                start.elapsed().as_nanos() as f64 / n as f64
            };
            let warm = Instant::now();
            while warm.elapsed() < Duration::from_millis(10) {
                batch(1000);
            }
            let (before, start, mut count) = (cpu_ns(), Instant::now(), 0.0);
            while count == 0.0 || start.elapsed() < Duration::from_millis(case.ms) {
                outcome.put("wall ns", batch(1000));
                count += 1000.0;
            }
            outcome.put("cpu ns", (cpu_ns() - before) / count);
            Poll::Ready(true)
        })
        .await;
        std::mem::forget(sleeps);
        can
    });
    if can { Ok(outcome) } else { Err("has no reset".into()) }
}
