//! Operations that take nanoseconds: a sleep that does not fire (create, poll once, drop, with others pending), a
//! reset, a timeout around a ready future, and a read of the clock.
//!
//! `cargo bench -p dormouse --features smol`. Each row is measured on the thread of a tokio
//! runtime whose driver has parked before, or on that of a plain `block_on`.

#![allow(missing_docs, reason = "criterion_group makes public items")]

use criterion::measurement::WallTime;
use criterion::{BenchmarkGroup, BenchmarkId, Criterion, criterion_group, criterion_main};
use std::future::{Future, poll_fn, ready};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

const FAR: Duration = Duration::from_secs(1000);

/// Creates, polls and drops `n` sleeps. Their deadlines lie 1 us apart.
async fn churn<S: Future>(n: u64, sleep: impl Fn(Duration) -> S) -> Duration {
    poll_fn(|cx| {
        let start = Instant::now();
        for i in 0..n {
            let sleep = pin!(sleep(FAR + Duration::from_micros(1_000_000 + i % 5000)));
            assert!(black_box(sleep.poll(cx)).is_pending());
        }
        Poll::Ready(start.elapsed())
    })
    .await
}

/// Returns `n` pending sleeps, after the driver has parked: before that, tokio makes a system call for each sleep.
async fn pending<S: Future>(n: u64, sleep: impl Fn(Duration) -> S) -> Vec<Pin<Box<S>>> {
    let spread = |i| FAR + Duration::from_micros(i * 7919 % 1_000_000);
    let mut sleeps: Vec<_> = (0..n).map(|i| Box::pin(sleep(spread(i)))).collect();
    poll_fn(|cx| {
        for sleep in &mut sleeps {
            assert!(sleep.as_mut().poll(cx).is_pending());
        }
        Poll::Ready(())
    })
    .await;
    sleep(Duration::from_millis(2)).await;
    sleeps
}

/// Creates and polls `n` futures that are ready.
async fn poll_ready<F: Future>(n: u64, make: impl Fn() -> F) -> Duration {
    poll_fn(|cx| {
        let start = Instant::now();
        for _ in 0..n {
            let future = pin!(make());
            assert!(black_box(future.poll(cx)).is_ready());
        }
        Poll::Ready(start.elapsed())
    })
    .await
}

fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// The reactor that dormouse uses on the `block_on` of the futures crate.
const OUTSIDE: &str =
    if cfg!(feature = "smol") { "dormouse on async-io" } else { "dormouse builtin" };

fn create_poll_drop(criterion: &mut Criterion) {
    let runtime = current_thread();
    for others in [0, 1_000, 100_000, 1_000_000] {
        let mut group = short(criterion, &format!("create+poll+drop/{others} pending"));
        group.bench_function(BenchmarkId::from_parameter("tokio::time"), |bencher| {
            // Under the coop budget, tokio's sleeps would return Pending without being registered.
            let run = |future| runtime.block_on(tokio::task::unconstrained(future));
            let others = pending(others, tokio::time::sleep);
            let _others = runtime.block_on(tokio::task::unconstrained(others));
            bencher.iter_custom(|n| run(churn(n, tokio::time::sleep)));
        });
        #[cfg(feature = "tokio")]
        group.bench_function(BenchmarkId::from_parameter("dormouse on tokio"), |bencher| {
            let _others = runtime.block_on(pending(others, dormouse::sleep));
            bencher.iter_custom(|n| runtime.block_on(churn(n, dormouse::sleep)));
        });
        group.bench_function(BenchmarkId::from_parameter(OUTSIDE), |bencher| {
            let _others = futures::executor::block_on(pending(others, dormouse::sleep));
            bencher.iter_custom(|n| futures::executor::block_on(churn(n, dormouse::sleep)));
        });
        group.finish();
    }
}

/// Moves a pending sleep to a later deadline, repeatedly.
fn reset(criterion: &mut Criterion) {
    let mut group = short(criterion, "reset");
    let runtime = current_thread();
    group.bench_function("tokio::time", |bencher| {
        let mut sleep = runtime.block_on(pending(1, tokio::time::sleep)).remove(0);
        let _inside = runtime.enter();
        bencher.iter(|| sleep.as_mut().reset(tokio::time::Instant::now() + FAR));
    });
    #[cfg(feature = "tokio")]
    group.bench_function("dormouse on tokio", |bencher| {
        let mut sleep = runtime.block_on(pending(1, dormouse::sleep)).remove(0);
        bencher.iter(|| sleep.as_mut().reset(dormouse::time::Instant::now() + FAR));
    });
    group.bench_function(OUTSIDE, |bencher| {
        let mut sleep = futures::executor::block_on(pending(1, dormouse::sleep)).remove(0);
        bencher.iter(|| sleep.as_mut().reset(dormouse::time::Instant::now() + FAR));
    });
    group.finish();
}

/// A timeout around a future that is ready.
fn timeout(criterion: &mut Criterion) {
    let mut group = short(criterion, "timeout, ready");
    let runtime = current_thread();
    group.bench_function("tokio::time", |bencher| {
        let make = || tokio::time::timeout(FAR, ready(()));
        let run = |future| runtime.block_on(tokio::task::unconstrained(future));
        bencher.iter_custom(|n| run(poll_ready(n, make)));
    });
    let make = || dormouse::timeout(FAR, ready(()));
    #[cfg(feature = "tokio")]
    group.bench_function("dormouse on tokio", |bencher| {
        bencher.iter_custom(|n| runtime.block_on(poll_ready(n, make)));
    });
    group.bench_function(OUTSIDE, |bencher| {
        bencher.iter_custom(|n| futures::executor::block_on(poll_ready(n, make)));
    });
    group.finish();
}

fn now(criterion: &mut Criterion) {
    let mut group = short(criterion, "Instant::now");
    group.bench_function("tokio::time", |bencher| bencher.iter(tokio::time::Instant::now));
    group.bench_function("dormouse", |bencher| bencher.iter(dormouse::time::Instant::now));
    group.finish();
}

fn short<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(20).measurement_time(Duration::from_secs(1));
    group.warm_up_time(Duration::from_millis(300));
    group
}

criterion_group!(benches, create_poll_drop, reset, timeout, now);
criterion_main!(benches);
