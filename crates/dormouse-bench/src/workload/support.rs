//! Parts that several workloads share.

use crate::peer::Peer;
use hdrhistogram::Histogram;
use rustix::time::{ClockId, clock_gettime};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

/// Longer than any measurement takes.
pub(super) const FAR: Duration = Duration::from_secs(1000);

/// How long to run before a measurement.
pub(super) const WARM_UP: Duration = Duration::from_millis(10);

/// The CPU time of this process, all threads included, in ns.
pub(super) fn cpu_ns() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
}

/// Lateness from 1 ns to 1 minute, to three digits.
pub(super) fn histogram() -> Histogram<u64> {
    let mut histogram = Histogram::new_with_bounds(1, 60_000_000_000, 3).expect("valid bounds");
    histogram.auto(true);
    histogram
}

/// Lets the reactor start, and its driver park once: before that, a registration may cost less or more than at
/// any later time.
pub(super) fn park_once<P: Peer>(peer: &P) {
    // Created inside `block_on`: tokio's sleep needs the context of a runtime.
    peer.block_on(async { P::sleep(Duration::from_millis(2)).await });
}

/// Returns `n` pending sleeps, one box each, in an order other than that of their deadlines.
pub(super) async fn pending_sleeps<P: Peer>(n: u64) -> Vec<Pin<Box<P::Sleep>>> {
    let duration = |i: u64| FAR + Duration::from_micros(i * 7919 % 1_000_000);
    let mut sleeps: Vec<_> = (0..n).map(|i| Box::pin(P::sleep(duration(i)))).collect();
    poll_fn(|cx| {
        for sleep in &mut sleeps {
            assert!(sleep.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(())
    })
    .await;
    sleeps
}

/// Pseudo-random numbers (xorshift), the same in each run.
pub(super) struct Random(u64);

impl Random {
    pub(super) fn new() -> Random {
        Random(0x9E37_79B9_7F4A_7C15)
    }

    pub(super) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}
