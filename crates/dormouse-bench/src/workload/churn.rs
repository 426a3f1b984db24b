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
            if threads == 2 && (n == 0 || n == 10_000_000 || n == 1_000_000 && size != Size::Full) {
                continue;
            }
            let s = if threads == 1 { "" } else { "s at once" };
            let rounds = match n {
                10_000_000 => 2,
                1_000_000 => size.pick(1, 1, 4),
                _ => size.pick(1, 3, 10),
            };
            cases.push(Case {
                workload: "w1".into(),
                label: format!("{} pending, {threads} thread{s}", short(n)),
                n,
                threads,
                ms: size.pick(2, 40, 100),
                rounds,
                ..Case::default()
            });
        }
    }
    cases
}

pub(super) fn measure<P: Peer>(peer: &P, case: &Case) -> Outcome {
    park_once(peer);
    let barrier = Barrier::new(case.threads + 1);
    let mut outcome = Outcome::default();
    std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..case.threads).map(|_| scope.spawn(|| thread(peer, case, &barrier))).collect();
        barrier.wait();
        let before = cpu_ns();
        barrier.wait();
        let used = cpu_ns() - before;
        let mut operations = 0;
        for thread in threads {
            let (count, batches) = thread.join().expect("a thread of w1 panicked");
            operations += count;
            for ns in batches {
                outcome.put("wall ns", ns);
            }
        }
        outcome.put("cpu ns", used / operations as f64);
    });
    outcome
}

fn thread<P: Peer>(peer: &P, case: &Case, barrier: &Barrier) -> (u64, Vec<f64>) {
    // A peer whose timers are its threads' own starts them here.
    park_once(peer);
    peer.block_on(async {
        let others = pending::<P>(case.n / case.threads as u64).await;
        // In one poll: while another thread waits at the barrier, nobody may need its executor.
        let measured = poll_fn(|cx| {
            let size = calibrate::<P>(cx);
            barrier.wait();
            let (mut count, mut batches) = (0, Vec::new());
            let start = Instant::now();
            while start.elapsed() < Duration::from_millis(case.ms) {
                batches.push(batch::<P>(cx, size));
                count += size;
            }
            barrier.wait();
            Poll::Ready((count, batches))
        })
        .await;
        // A million destructors are not what is measured; the process ends soon.
        std::mem::forget(others);
        measured
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
