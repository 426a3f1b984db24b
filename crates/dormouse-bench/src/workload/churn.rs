//! W1: a sleep that does not fire. Created, polled once, dropped: what a timeout around I/O costs.
//!
//! The process's CPU time is reported beside the time of the calling thread, because a peer may do
//! the work in a thread of its own.

use super::{Case, FAR, Outcome, Size, cpu_ns, park_once, pending, short};
use crate::peer::Peer;
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::pin;
use std::sync::Barrier;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Long enough that reading the clock does not count, short enough that most are undisturbed.
const BATCH: Duration = Duration::from_micros(500);

pub(super) fn cases(size: Size) -> Vec<Case> {
    let mut cases = Vec::new();
    let most = size.pick(2, 4, 5);
    for threads in [1, 2] {
        for n in [0, 1_000, 100_000, 1_000_000, 10_000_000].into_iter().take(most) {
            // From two threads, fewer say enough.
            let few = size == Size::Quick && n != 100_000;
            if threads == 2 && (few || n == 0 || n == 10_000_000) {
                continue;
            }
            let s = if threads == 1 { "" } else { "s at once" };
            // Setting up the most takes far longer than measuring: so it is done once, for longer.
            let (rounds, ms) = match n {
                10_000_000 => (1, 1000),
                1_000_000 => (size.pick(1, 1, 3), 100),
                _ => (size.pick(1, 2, 6), 100),
            };
            cases.push(Case {
                workload: "w1".into(),
                label: format!("{} pending, {threads} thread{s}", short(n)),
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
            let done = thread.join().expect("a thread of w1 panicked");
            operations += done.operations;
            // All threads saw the same window, up to a batch.
            used = done.cpu_ns;
            for ns in done.batches {
                outcome.put("wall ns", ns);
            }
        }
        outcome.put("cpu ns", used / operations as f64);
    });
    outcome
}

struct Done {
    operations: u64,
    /// ns for each sleep of a batch.
    batches: Vec<f64>,
    /// Of the process, not of the thread.
    cpu_ns: f64,
}

fn thread<P: Peer>(peer: &P, case: &Case, barrier: &Barrier) -> Done {
    let others = peer.block_on(async {
        let others = pending::<P>(case.n / case.threads as u64).await;
        // Only a driver that has parked since knows when it wakes next. Until then tokio's
        // current_thread pays a system call for each sleep, however many are pending.
        P::sleep(Duration::from_millis(2)).await;
        others
    });
    // From here on the thread is kept, which may be the one that drives the others' sleeps.
    barrier.wait();
    peer.block_on(async {
        // In one poll: while another thread waits at the barrier, nobody may need its executor.
        let done = poll_fn(|cx| {
            let size = calibrate::<P>(cx);
            barrier.wait();
            let (mut operations, mut batches) = (0, Vec::new());
            let (start, before) = (Instant::now(), cpu_ns());
            // One at least: the machine may stall for as long as the window is.
            while operations == 0 || start.elapsed() < Duration::from_millis(case.ms) {
                batches.push(batch::<P>(cx, size));
                operations += size;
            }
            let cpu_ns = cpu_ns() - before;
            // Until all have measured, none stops.
            barrier.wait();
            Poll::Ready(Done { operations, batches, cpu_ns })
        })
        .await;
        // A million destructors are not what is measured; the process ends soon.
        std::mem::forget(others);
        done
    })
}

/// How many make a batch; warms up too.
fn calibrate<P: Peer>(cx: &mut Context<'_>) -> u64 {
    let start = Instant::now();
    let mut ns = batch::<P>(cx, 10);
    while start.elapsed() < 20 * BATCH {
        ns = batch::<P>(cx, 50).min(ns);
    }
    (BATCH.as_nanos() as f64 / ns).max(1.0) as u64
}

/// ns a sleep. The deadlines are later than those of the others, as those of timeouts are.
fn batch<P: Peer>(cx: &mut Context<'_>, n: u64) -> f64 {
    let start = Instant::now();
    for i in 0..n {
        let sleep = pin!(P::sleep(FAR + Duration::from_micros(1_000_000 + i % 5000)));
        assert!(black_box(sleep.poll(cx)).is_pending());
    }
    start.elapsed().as_nanos() as f64 / n as f64
}
