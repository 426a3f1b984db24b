//! Where the paused clock is not followed.

#![allow(clippy::async_yields_async, reason = "a sleep leaves its runtime")]

use super::{HOUR, SECOND, on_paused, paused};
use crate::common::{MS, multi_thread, within_time};
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, timeout};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::runtime::{Builder, Handle};

/// How much real time the future takes.
async fn real_time_of(future: impl Future<Output = ()>) -> Duration {
    let start = std::time::Instant::now();
    future.await;
    start.elapsed()
}

#[test]
fn an_entered_virtual_time_takes_precedence() {
    let test = async || {
        let time = VirtualTime::new();
        let real = Instant::now();
        let paused_sleep = sleep(SECOND);
        let entered = time.enter();
        let start = time.now();
        assert_eq!(Instant::now(), start);
        tokio::time::advance(HOUR).await;
        assert_eq!(Instant::now(), start);
        let mut virtual_sleep = sleep(SECOND);
        assert!(futures::poll!(&mut virtual_sleep).is_pending());
        time.advance_now(SECOND);
        assert!(futures::poll!(&mut virtual_sleep).is_ready());
        drop(entered);
        paused_sleep.await;
        assert_eq!(real.elapsed(), HOUR);
    };
    within_time(|| paused().block_on(test()));
}

#[test]
fn virtual_time_runs_inside_a_paused_runtime() {
    on_paused(async {
        let start = Instant::now();
        VirtualTime::new().block_on(async {
            let start = Instant::now();
            sleep(HOUR).await;
            assert_eq!(start.elapsed(), HOUR);
        });
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn block_on_inside_a_paused_runtime_is_in_real_time() {
    on_paused(async {
        let paused = Instant::now();
        dormouse::block_on(async {
            let start = Instant::now();
            assert!(real_time_of(sleep(10 * MS)).await >= 10 * MS);
            assert!(start.elapsed() >= 10 * MS);
        });
        assert_eq!(paused.elapsed(), Duration::ZERO);
    });
}

#[test]
fn a_sleep_that_moves_to_another_thread_is_in_real_time_there() {
    on_paused(async {
        let start = Instant::now();
        let mut moved = sleep(20 * MS);
        assert!(futures::poll!(&mut moved).is_pending());
        let elsewhere = std::thread::spawn(move || {
            futures::executor::block_on(moved);
            Instant::now()
        });
        let done = tokio::task::spawn_blocking(|| elsewhere.join().unwrap()).await.unwrap();
        assert!(done >= start + 20 * MS);
        assert_eq!(start.elapsed(), Duration::ZERO);
    });
}

#[test]
fn blocking_work_of_the_runtime_reads_the_paused_clock() {
    on_paused(async {
        sleep(HOUR).await;
        let now = Instant::now();
        for _ in 0..3 {
            assert_eq!(tokio::task::spawn_blocking(Instant::now).await.unwrap(), now);
        }
    });
}

#[test]
fn two_runtimes_have_clocks_of_their_own() {
    within_time(|| {
        let (first, second) = (paused(), paused());
        let start = first.block_on(async { Instant::now() });
        let second_start = second.block_on(async { Instant::now() });
        first.block_on(async { sleep(HOUR).await });
        assert_eq!(first.block_on(async { start.elapsed() }), HOUR);
        assert_eq!(second.block_on(async { second_start.elapsed() }), Duration::ZERO);
        assert!(start.elapsed() < HOUR);
        // A sleep of one in the other.
        let sleep = first.block_on(async { sleep(HOUR) });
        second.block_on(sleep);
        assert_eq!(second.block_on(async { second_start.elapsed() / 1000 }), (2 * HOUR) / 1000);
    });
}

#[test]
fn a_multi_threaded_runtime_is_in_real_time() {
    within_time(|| {
        multi_thread().block_on(async {
            let start = Instant::now();
            let spawned = tokio::spawn(async { real_time_of(sleep(10 * MS)).await });
            assert!(spawned.await.unwrap() >= 10 * MS);
            assert!(start.elapsed() >= 10 * MS);
        });
    });
}

#[test]
fn a_paused_runtime_without_a_time_driver_is_in_real_time() {
    within_time(|| {
        for enable_io in [true, false] {
            let mut builder = Builder::new_current_thread();
            if enable_io {
                builder.enable_io();
            }
            builder.start_paused(true).build().unwrap().block_on(async {
                let start = Instant::now();
                assert!(real_time_of(sleep(10 * MS)).await >= 10 * MS);
                assert!(start.elapsed() >= 10 * MS);
                assert!(timeout(5 * MS, std::future::pending::<()>()).await.is_err());
            });
        }
    });
}

/// The panic hook sees nothing, although `tokio::time::sleep` panics there.
#[test]
fn a_paused_runtime_that_has_shut_down_is_in_real_time() {
    let panics = Arc::new(AtomicUsize::new(0));
    let seen = panics.clone();
    let this_test = move || std::thread::current().name() == Some("test of the shutdown");
    let former = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |info| {
        if this_test() {
            seen.fetch_add(1, Ordering::Relaxed);
        }
        former(info);
    }));
    let test = std::thread::Builder::new().name("test of the shutdown".into());
    let test = test.spawn(|| {
        for poll_before in [false, true] {
            let runtime = paused();
            let handle: Handle = runtime.handle().clone();
            let mut sleep = runtime.block_on(async {
                let mut sleep = sleep(10 * MS);
                if poll_before {
                    assert!(futures::poll!(&mut sleep).is_pending());
                }
                sleep
            });
            drop(runtime);
            let _entered = handle.enter();
            futures::executor::block_on(&mut sleep);
            let start = std::time::Instant::now();
            futures::executor::block_on(dormouse::sleep(10 * MS));
            assert!(start.elapsed() >= 10 * MS);
            let now = Instant::now();
            std::thread::sleep(MS);
            assert!(Instant::now() > now);
            sleep.reset(Instant::now() + 5 * MS);
            futures::executor::block_on(sleep);
        }
    });
    within_time(|| test.unwrap().join().unwrap());
    assert_eq!(panics.load(Ordering::Relaxed), 0);
}

#[test]
fn a_sleep_outlives_its_paused_runtime() {
    within_time(|| {
        let runtime = paused();
        let sleep = runtime.block_on(async {
            let mut sleep = sleep(10 * MS);
            assert!(futures::poll!(&mut sleep).is_pending());
            sleep
        });
        drop(runtime);
        let mut sleep = sleep;
        sleep.reset(Instant::now() + 10 * MS);
        futures::executor::block_on(sleep);
    });
}
