//! What a sleep costs that does not fire: create, poll once, drop, with others pending.
//!
//! `cargo bench -p dormouse --features tokio,smol`. Each row is measured on the thread of a tokio
//! runtime whose driver has parked before, or of a plain `block_on`.

#![allow(missing_docs, reason = "criterion_group makes public items")]

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use std::future::{Future, poll_fn};
use std::hint::black_box;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::{Duration, Instant};

const FAR: Duration = Duration::from_secs(1000);

/// Creates, polls and drops `n` sleeps, the deadlines of which lie 1 us apart.
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

/// Leaves `n` sleeps pending.
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
    sleeps
}

fn create_poll_drop(criterion: &mut Criterion) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    for others in [0, 1_000, 100_000, 1_000_000] {
        let mut group = criterion.benchmark_group(format!("create+poll+drop/{others} pending"));
        group.sample_size(20).measurement_time(Duration::from_secs(1));
        group.warm_up_time(Duration::from_millis(300));
        group.bench_function(BenchmarkId::from_parameter("tokio::time"), |bencher| {
            // Under the coop budget tokio's sleeps would say Pending without registering.
            let run = |future| runtime.block_on(tokio::task::unconstrained(future));
            let _others = runtime.block_on(tokio::task::unconstrained(async {
                let others = pending(others, tokio::time::sleep).await;
                tokio::time::sleep(Duration::from_millis(2)).await;
                others
            }));
            bencher.iter_custom(|n| run(churn(n, tokio::time::sleep)));
        });
        #[cfg(feature = "tokio")]
        group.bench_function(BenchmarkId::from_parameter("dormouse on tokio"), |bencher| {
            let _others = runtime.block_on(pending(others, dormouse::sleep));
            bencher.iter_custom(|n| runtime.block_on(churn(n, dormouse::sleep)));
        });
        let name = if cfg!(feature = "smol") { "dormouse on async-io" } else { "dormouse builtin" };
        group.bench_function(BenchmarkId::from_parameter(name), |bencher| {
            let _others = dormouse::block_on(pending(others, dormouse::sleep));
            bencher.iter_custom(|n| dormouse::block_on(churn(n, dormouse::sleep)));
        });
        group.finish();
    }
}

criterion_group!(benches, create_poll_drop);
criterion_main!(benches);
