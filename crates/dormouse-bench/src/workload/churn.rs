//! W1: a sleep that does not fire: created, polled once and dropped. This is the cost of a timeout around I/O.
//!
//! The CPU time of the process is reported beside the elapsed time of the calling thread, because a peer may do
//! its work on another thread.

use super::support::{FAR, cpu_ns, park_once, pending_sleeps};
use crate::case::{Case, Outcome, Size, abbreviate};
use crate::peer::Peer;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Long enough that the cost of reading the clock is negligible, short enough that most batches are not
/// interrupted.
const BATCH: Duration = Duration::from_micros(500);

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut cases = Vec::new();
    let counts = size.pick(2, 4, 5);
    for threads in [1, 2] {
        for n in [0, 1_000, 100_000, 1_000_000, 10_000_000].into_iter().take(counts) {
            // With two threads, fewer counts are enough.
            let skipped = size == Size::Quick && n != 100_000;
            if threads == 2 && (skipped || n == 0 || n == 10_000_000) {
                continue;
            }
            let s = if threads == 1 { "" } else { "s at once" };
            // Creating ten million sleeps takes far longer than the measurement: one long round.
            let (rounds, ms) = match n {
                10_000_000 => (1, 1000),
                1_000_000 => (size.pick(1, 1, 3), 100),
                _ => (size.pick(1, 2, 6), 100),
            };
            cases.push(Case {
                workload: "w1".into(),
                label: format!("{} pending, {threads} thread{s}", abbreviate(n)),
                n,
                threads,
                ms: size.pick(2, 40, ms),
                rounds,
                ..Case::default()
            });
        }
    }
    cases
}

pub(super) fn measure<P: Peer>(peer: &P, case: &Case) -> Outcome {
    park_once(peer);
    let barrier = Barrier::new(case.threads);
    let mut outcome = Outcome::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..case.threads).map(|_| scope.spawn(|| thread(peer, case, &barrier))).collect();
        let (mut used, mut operations) = (0.0, 0);
        for thread in threads {
            let result = thread.join().expect("a thread of w1 panicked");
            operations += result.operations;
            // The same for all threads: their windows differ by a batch at most.
            used = result.cpu_ns;
            for ns in result.batches {
                outcome.put("wall ns", ns);
            }
        }
        outcome.put("cpu ns", used / operations as f64);
    });
    outcome
}

struct ThreadResult {
    operations: u64,
    /// The mean of each batch, in ns per sleep.
    batches: Vec<f64>,
    /// CPU time of the process, not of the thread.
    cpu_ns: f64,
}

fn thread<P: Peer>(peer: &P, case: &Case, barrier: &Barrier) -> ThreadResult {
    let others = peer.block_on(async {
        let others = pending_sleeps::<P>(case.n / case.threads as u64).await;
        // Lets the driver park, which sets the time of its next wake-up. Before that, tokio's current_thread
        // makes a system call for each sleep, however many are pending.
        P::sleep(Duration::from_millis(2)).await;
        others
    });
    // Setup ends for all threads together: one of them may drive the sleeps of all, and it stops doing so below.
    barrier.wait();
    peer.block_on(async {
        // A single poll: a thread that waits at the barrier does not run its executor, so no thread may depend
        // on another one for a wake-up.
        let result = poll_fn(|cx| {
            let size = calibrate::<P>(cx);
            barrier.wait();
            let (mut operations, mut batches) = (0, Vec::new());
            let (start, before) = (Instant::now(), cpu_ns());
            // At least one batch: the machine may stall for longer than the window.
            while operations == 0 || start.elapsed() < Duration::from_millis(case.ms) {
                batches.push(batch::<P>(cx, size));
                operations += size;
            }
            let cpu_ns = cpu_ns() - before;
            // No thread stops before all have measured.
            barrier.wait();
            Poll::Ready(ThreadResult { operations, batches, cpu_ns })
        })
        .await;
        // Skips up to ten million destructors, which are not measured; the process exits soon.
        std::mem::forget(others);
        result
    })
}

/// Returns the number of sleeps in a batch. Also warms up.
fn calibrate<P: Peer>(cx: &mut Context<'_>) -> u64 {
    let start = Instant::now();
    let mut ns = batch::<P>(cx, 10);
    while start.elapsed() < 20 * BATCH {
        ns = batch::<P>(cx, 50).min(ns);
    }
    (BATCH.as_nanos() as f64 / ns).max(1.0) as u64
}

/// Returns ns per sleep. The deadlines are later than those of the pending sleeps, as those of new timeouts are.
fn batch<P: Peer>(cx: &mut Context<'_>, n: u64) -> f64 {
    let start = Instant::now();
    for i in 0..n {
        let sleep = pin!(P::sleep(FAR + Duration::from_micros(1_000_000 + i % 5000)));
        assert!(black_box(sleep.poll(cx)).is_pending());
    }
    start.elapsed().as_nanos() as f64 / n as f64
}
