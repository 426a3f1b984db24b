//! Sleeps and `block_on` in every state of a tokio runtime, and sleeps that move from one reactor to another.
#![cfg(feature = "tokio")]

mod common;

use common::{
    Count, MS, assert_not_early, current_thread, multi_thread, pending_for, poll,
    retry_with_longer_time, within_time, without_io,
};
use dormouse::sleep;
use dormouse::time::Instant;
use futures::future::lazy;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

// In a child process: other tests open fds at the same time.
#[cfg(unix)]
each_in_a_child_process! {
    creating_and_dropping_runtimes_leaks_no_fds
}

#[test]
fn a_sleep_registered_with_a_runtime_that_is_not_running_fires_in_block_on() {
    within_time(|| {
        let runtime = current_thread();
        let (count, waker) = Count::new();
        let sleep = runtime.block_on(lazy(|_| pending_for(30 * MS, &waker)));
        // From here on, no thread drives the runtime.
        dormouse::block_on(assert_not_early(sleep));
        assert_eq!(count.get(), 0);
    });
}

#[test]
fn a_sleep_fires_in_another_executor_in_the_context_of_a_runtime_that_is_not_running() {
    within_time(|| {
        let runtime = current_thread();
        let _context = runtime.enter();
        futures::executor::block_on(assert_not_early(sleep(20 * MS)));
        // When the runtime runs, its reactor is used again.
        runtime.block_on(assert_not_early(sleep(5 * MS)));
        futures::executor::block_on(assert_not_early(sleep(5 * MS)));
    });
}

#[test]
fn a_sleep_does_not_consume_the_coop_budget_of_tokio() {
    fn remaining_budget() -> usize {
        let cx = &mut std::task::Context::from_waker(Waker::noop());
        let first = tokio::task::coop::poll_proceed(cx);
        let rest = std::iter::from_fn(|| match tokio::task::coop::poll_proceed(cx) {
            Poll::Ready(one) => {
                one.made_progress();
                Some(())
            }
            Poll::Pending => None,
        });
        let remaining = rest.take(1000).count();
        drop(first);
        remaining
    }
    current_thread().block_on(async {
        let before = remaining_budget();
        let _sleep = pending_for(MS, Waker::noop());
        assert_eq!(remaining_budget(), before);
        assert!((10..1000).contains(&before), "{before}");
    });
}

#[test]
fn a_sleep_can_move_from_one_runtime_to_another() {
    within_time(|| {
        let (first, second) = (current_thread(), multi_thread());
        for _ in 0..3 {
            let (_, waker) = Count::new();
            let sleep = retry_with_longer_time(20 * MS, |time| {
                let mut sleep = sleep(time);
                let mut is_pending = || poll(&mut sleep, &waker).is_pending();
                let pending_everywhere = first.block_on(async { is_pending() })
                    && second.block_on(async { is_pending() })
                    && dormouse::block_on(async { is_pending() });
                pending_everywhere.then_some(sleep)
            });
            second.block_on(assert_not_early(sleep));
        }
    });
}

#[test]
fn a_sleep_survives_the_shutdown_of_its_tokio_runtime() {
    for runtime in [current_thread, multi_thread] {
        within_time(move || {
            let runtime = runtime();
            let (deadline, sleeps, count) = retry_with_longer_time(60 * MS, |time| {
                let deadline = Instant::now() + time;
                let mut sleeps: Vec<_> = (0..100).map(|_| sleep(time)).collect();
                let (count, waker) = Count::new();
                let mut wait = || sleeps.iter_mut().all(|sleep| poll(sleep, &waker).is_pending());
                runtime.block_on(async { wait() }).then_some((deadline, sleeps, count))
            });
            drop(runtime);
            // Each task is woken, and its next poll registers with another reactor.
            count.wait_for(100);
            dormouse::block_on(async {
                for sleep in sleeps {
                    assert_not_early(sleep).await;
                }
            });
            assert!(Instant::now() >= deadline);
        });
    }
}

#[test]
fn a_task_that_waits_while_its_tokio_runtime_shuts_down_is_woken_on_time() {
    within_time(|| {
        let runtime = multi_thread();
        let handle = runtime.handle().clone();
        let task = std::thread::spawn(move || {
            let _context = handle.enter();
            // Not `dormouse::block_on`, which does not use the runtime of its context.
            futures::executor::block_on(assert_not_early(sleep(80 * MS)))
        });
        std::thread::sleep(20 * MS);
        drop(runtime);
        task.join().unwrap();
    });
}

/// The next runtime may reuse the timer queue of the previous one.
#[test]
fn registering_with_a_runtime_that_shuts_down_does_not_affect_the_next_runtime() {
    for _ in 0..20 {
        within_time(|| {
            let runtime = current_thread();
            let stop = AtomicBool::new(false);
            std::thread::scope(|scope| {
                for _ in 0..3 {
                    let handle = runtime.handle().clone();
                    scope.spawn(|| {
                        let handle = handle;
                        let _context = handle.enter();
                        let mut ns = 2_000_000;
                        while !stop.load(Ordering::Relaxed) {
                            // Each deadline is earlier than the last, so each sleep arms the timerfd.
                            ns = if ns == 1_999_000 { 2_000_000 } else { ns - 1 };
                            let _ = poll(&mut sleep(Duration::from_nanos(ns)), Waker::noop());
                        }
                    });
                }
                runtime.block_on(sleep(2 * MS));
                drop(runtime);
                stop.store(true, Ordering::Relaxed);
            });
            current_thread().block_on(assert_not_early(sleep(10 * MS)));
        });
    }
}

#[test]
fn a_sleep_in_the_context_of_a_dropped_runtime_does_not_panic() {
    within_time(|| {
        let runtime = current_thread();
        let handle = runtime.handle().clone();
        runtime.block_on(sleep(MS));
        drop(runtime);
        let _context = handle.enter();
        for _ in 0..3 {
            futures::executor::block_on(assert_not_early(sleep(2 * MS)));
        }
    });
}

#[test]
fn block_on_works_in_every_tokio_context() {
    let run = || {
        dormouse::block_on(async {
            assert_eq!(dormouse::reactor::Reactor::current().name(), "builtin");
            assert_not_early(sleep(5 * MS)).await;
            let (local, peer) = common::stream::std_pair();
            let local = dormouse::io::AsyncFd::new(local).unwrap();
            drop(peer);
            drop(local.readable().await.unwrap());
            // Nested in itself.
            dormouse::block_on(assert_not_early(sleep(MS)));
            assert_not_early(sleep(MS)).await;
        });
    };
    within_time(|| {
        current_thread().block_on(async { run() });
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let one_worker = builder.worker_threads(1).enable_all().build().unwrap();
        one_worker.block_on(async { tokio::spawn(async move { run() }).await.unwrap() });
        let not_running = current_thread();
        let _context = not_running.enter();
        run();
        // Afterwards, the reactor of the runtime is used again.
        assert_eq!(dormouse::reactor::Reactor::current().name(), "tokio");
    });
}

#[test]
fn on_a_runtime_without_io_a_sleep_uses_another_reactor() {
    within_time(|| {
        for _ in 0..3 {
            let runtime = without_io();
            runtime.block_on(async {
                assert_ne!(dormouse::reactor::Reactor::current().name(), "tokio");
                assert_not_early(sleep(2 * MS)).await;
            });
            let chosen = dormouse::reactor::Reactor::tokio(runtime.handle());
            let error = chosen.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
            assert!(error.to_string().contains("enable_io"), "{error}");
        }
    });
}

#[test]
fn a_spawned_task_sleeps_on_its_runtime() {
    within_time(|| {
        let runtime = multi_thread();
        runtime.block_on(async {
            let tasks: Vec<_> = (1..20u32)
                .map(|i| tokio::spawn(async move { assert_not_early(sleep(i * MS)).await }))
                .collect();
            for task in tasks {
                task.await.unwrap();
            }
        });
    });
}

#[test]
fn a_sleep_in_a_local_set_fires() {
    within_time(|| {
        let local = tokio::task::LocalSet::new();
        local.block_on(&current_thread(), async {
            let task = tokio::task::spawn_local(assert_not_early(sleep(5 * MS)));
            task.await.unwrap();
        });
    });
}

#[cfg(unix)]
mod cases {
    use super::*;

    #[test]
    #[ignore = "run in a child process by the test of the same name"]
    fn creating_and_dropping_runtimes_leaks_no_fds() {
        within_time(|| {
            let once = || {
                for runtime in [current_thread(), multi_thread()] {
                    let mut pending = sleep(3600 * 1000 * MS);
                    let (_, waker) = Count::new();
                    runtime.block_on(async {
                        sleep(MS).await;
                        assert_eq!(poll(&mut pending, &waker), Poll::Pending);
                    });
                    drop(runtime);
                }
            };
            once();
            let before = common::fds();
            (0..50).for_each(|_| once());
            assert_eq!(common::fds(), before);
        });
    }
}
