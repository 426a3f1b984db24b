//! A sleep follows its task from reactor to reactor.
#![cfg(feature = "tokio")]

mod common;

use common::{
    Count, MS, current_thread, in_time, multi_thread, never_early, pending_for, poll, within_time,
    without_io,
};
use dormouse::sleep;
use dormouse::time::Instant;
use futures::future::lazy;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

#[test]
fn a_sleep_registered_with_an_idle_runtime_fires_in_a_plain_block_on() {
    within_time(|| {
        let runtime = current_thread();
        let (count, waker) = Count::new();
        let sleep = runtime.block_on(lazy(|_| pending_for(30 * MS, &waker)));
        // From here on nobody drives the runtime.
        dormouse::block_on(never_early(sleep));
        assert_eq!(count.get(), 0);
    });
}

#[test]
fn a_sleep_fires_in_another_executor_in_the_context_of_an_idle_runtime() {
    within_time(|| {
        let runtime = current_thread();
        let _context = runtime.enter();
        futures::executor::block_on(never_early(sleep(20 * MS)));
        // Once the runtime runs, it serves.
        runtime.block_on(never_early(sleep(5 * MS)));
        futures::executor::block_on(never_early(sleep(5 * MS)));
    });
}

#[test]
fn a_sleep_uses_up_nothing_of_tokios_budget() {
    fn left() -> usize {
        let cx = &mut std::task::Context::from_waker(Waker::noop());
        let first = tokio::task::coop::poll_proceed(cx);
        let rest = std::iter::from_fn(|| match tokio::task::coop::poll_proceed(cx) {
            Poll::Ready(one) => {
                one.made_progress();
                Some(())
            }
            Poll::Pending => None,
        });
        let left = rest.take(1000).count();
        drop(first);
        left
    }
    current_thread().block_on(async {
        let before = left();
        let _sleep = pending_for(MS, Waker::noop());
        assert_eq!(left(), before);
        assert!((10..1000).contains(&before), "{before}");
    });
}

#[test]
fn a_sleep_moves_from_one_runtime_to_another() {
    within_time(|| {
        let (first, second) = (current_thread(), multi_thread());
        for _ in 0..3 {
            let (_, waker) = Count::new();
            let sleep = in_time(20 * MS, |time| {
                let mut sleep = sleep(time);
                let mut waits = || poll(&mut sleep, &waker).is_pending();
                let everywhere = first.block_on(async { waits() })
                    && second.block_on(async { waits() })
                    && dormouse::block_on(async { waits() });
                everywhere.then_some(sleep)
            });
            second.block_on(never_early(sleep));
        }
    });
}

#[test]
fn a_sleep_survives_the_shutdown_of_its_tokio_runtime() {
    for runtime in [current_thread, multi_thread] {
        within_time(move || {
            let runtime = runtime();
            let (deadline, sleeps, count) = in_time(60 * MS, |time| {
                let deadline = Instant::now() + time;
                let mut sleeps: Vec<_> = (0..100).map(|_| sleep(time)).collect();
                let (count, waker) = Count::new();
                let mut wait = || sleeps.iter_mut().all(|sleep| poll(sleep, &waker).is_pending());
                runtime.block_on(async { wait() }).then_some((deadline, sleeps, count))
            });
            drop(runtime);
            // Each task is told, and finds another reactor when it polls.
            count.wait_for(100);
            dormouse::block_on(async {
                for sleep in sleeps {
                    never_early(sleep).await;
                }
            });
            assert!(Instant::now() >= deadline);
        });
    }
}

#[test]
fn a_task_that_waits_while_its_tokio_runtime_goes_down_is_woken_on_time() {
    within_time(|| {
        let runtime = multi_thread();
        let handle = runtime.handle().clone();
        let task = std::thread::spawn(move || {
            let _context = handle.enter();
            // Not ours: that would not use the runtime in the first place.
            futures::executor::block_on(never_early(sleep(80 * MS)))
        });
        std::thread::sleep(20 * MS);
        drop(runtime);
        task.join().unwrap();
    });
}

/// The next runtime may get the queue of the last.
#[test]
fn who_registers_with_a_runtime_that_ends_does_not_harm_the_next() {
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
                            // Earlier each time, so that each sets the alarm.
                            ns = if ns == 1_999_000 { 2_000_000 } else { ns - 1 };
                            let _ = poll(&mut sleep(Duration::from_nanos(ns)), Waker::noop());
                        }
                    });
                }
                runtime.block_on(sleep(2 * MS));
                drop(runtime);
                stop.store(true, Ordering::Relaxed);
            });
            current_thread().block_on(never_early(sleep(10 * MS)));
        });
    }
}

#[test]
fn a_runtime_that_is_gone_is_not_a_panic() {
    within_time(|| {
        let runtime = current_thread();
        let handle = runtime.handle().clone();
        runtime.block_on(sleep(MS));
        drop(runtime);
        let _context = handle.enter();
        for _ in 0..3 {
            futures::executor::block_on(never_early(sleep(2 * MS)));
        }
    });
}

#[test]
fn block_on_works_wherever_it_is_called() {
    let run = || {
        dormouse::block_on(async {
            assert_ne!(dormouse::reactor::Reactor::current().name(), "tokio");
            never_early(sleep(5 * MS)).await;
            let (ours, theirs) = std::os::unix::net::UnixStream::pair().unwrap();
            let ours = dormouse::io::AsyncFd::new(ours).unwrap();
            drop(theirs);
            drop(ours.readable().await.unwrap());
            // And inside itself.
            dormouse::block_on(never_early(sleep(MS)));
            never_early(sleep(MS)).await;
        });
    };
    within_time(|| {
        current_thread().block_on(async { run() });
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let one_worker = builder.worker_threads(1).enable_all().build().unwrap();
        one_worker.block_on(async { tokio::spawn(async move { run() }).await.unwrap() });
        let nobody_drives_it = current_thread();
        let _context = nobody_drives_it.enter();
        run();
        // After it, the runtime's reactor serves again.
        assert_eq!(dormouse::reactor::Reactor::current().name(), "tokio");
    });
}

#[test]
fn a_runtime_without_io_is_not_a_panic() {
    static HOOKED: std::sync::atomic::AtomicUsize = std::sync::atomic::AtomicUsize::new(0);
    std::panic::set_hook(Box::new(|info| {
        HOOKED.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        eprintln!("{info}");
    }));
    within_time(|| {
        for _ in 0..3 {
            let runtime = without_io();
            runtime.block_on(async {
                assert_ne!(dormouse::reactor::Reactor::current().name(), "tokio");
                never_early(sleep(2 * MS)).await;
            });
            let chosen = dormouse::reactor::Reactor::tokio(runtime.handle());
            let error = chosen.unwrap_err();
            assert_eq!(error.kind(), std::io::ErrorKind::Unsupported);
            assert!(error.to_string().contains("enable_io"), "{error}");
        }
    });
    assert_eq!(HOOKED.load(std::sync::atomic::Ordering::SeqCst), 0);
}

#[test]
fn runtimes_that_come_and_go_leave_nothing_behind() {
    within_time(|| {
        let once = || {
            for runtime in [current_thread(), multi_thread()] {
                let mut left = sleep(3600 * 1000 * MS);
                let (_, waker) = Count::new();
                runtime.block_on(async {
                    sleep(MS).await;
                    assert_eq!(poll(&mut left, &waker), Poll::Pending);
                });
                drop(runtime);
            }
        };
        once();
        // Other tests in this process may open and close some meanwhile; a leak would grow.
        let before = common::fds();
        for _ in 0..50 {
            once();
        }
        let after = common::fds();
        assert!(after < before + 60, "{before} fds before, {after} after 100 runtimes");
    });
}

#[test]
fn a_spawned_task_sleeps_on_its_runtime() {
    within_time(|| {
        let runtime = multi_thread();
        runtime.block_on(async {
            let tasks: Vec<_> = (1..20u32)
                .map(|i| tokio::spawn(async move { never_early(sleep(i * MS)).await }))
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
            let task = tokio::task::spawn_local(never_early(sleep(5 * MS)));
            task.await.unwrap();
        });
    });
}
