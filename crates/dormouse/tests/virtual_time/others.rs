//! Which scoped futures an advance waits for: those that have something to do, and not those that wait themselves.

use super::{HOUR, SECOND};
use crate::common::within_time;
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep};
use futures::FutureExt;
use futures::executor::ThreadPool;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Spawns a task that works for 100 ms of real time at its first deadline, and returns when it reaches the second.
fn work_between_two_sleeps(
    pool: &ThreadPool,
    time: &VirtualTime,
) -> std::sync::mpsc::Receiver<Duration> {
    let (send, result) = std::sync::mpsc::channel();
    pool.spawn_ok(time.scope(async move {
        let start = Instant::now();
        sleep(SECOND).await;
        std::thread::sleep(Duration::from_millis(100));
        sleep(SECOND).await;
        send.send(start.elapsed()).unwrap();
    }));
    result
}

#[test]
fn an_advance_that_is_held_but_not_polled_does_not_hide_a_busy_task() {
    within_time(|| {
        let time = VirtualTime::new();
        let pool = ThreadPool::builder().pool_size(4).create().unwrap();
        let (release, released) = futures::channel::oneshot::channel::<()>();
        let (held, is_held) = std::sync::mpsc::channel();
        let clock = time.clone();
        pool.spawn_ok(time.scope(async move {
            let mut advance = Box::pin(clock.advance(Duration::ZERO));
            assert!((&mut advance).now_or_never().is_none());
            held.send(()).unwrap();
            let _ = released.await;
            drop(advance);
        }));
        is_held.recv().unwrap();
        let result = work_between_two_sleeps(&pool, &time);
        futures::executor::block_on(time.advance(20 * SECOND));
        assert_eq!(result.recv().unwrap(), 2 * SECOND);
        drop(release);
    });
}

#[test]
fn two_advances_in_one_scoped_task_wait_for_a_busy_task() {
    within_time(|| {
        let time = VirtualTime::new();
        let pool = ThreadPool::builder().pool_size(4).create().unwrap();
        let result = work_between_two_sleeps(&pool, &time);
        let advances = futures::future::join(time.advance(10 * SECOND), time.advance(10 * SECOND));
        futures::executor::block_on(time.scope(advances));
        assert_eq!(result.recv().unwrap(), 2 * SECOND);
    });
}

#[test]
fn a_timer_beside_an_advance_in_one_scoped_task_is_waited_for() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let clock = time.clone();
        let mut task = Box::pin(time.scope(async move {
            let work = async {
                sleep(SECOND).await;
                Instant::now() - start
            };
            futures::join!(work, clock.advance(Duration::ZERO)).0
        }));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(task.poll_unpin(&mut cx).is_pending());
        let clock = time.clone();
        let other =
            std::thread::spawn(move || futures::executor::block_on(clock.advance(20 * SECOND)));
        // The executor of the task is slow to poll it.
        std::thread::sleep(Duration::from_millis(100));
        let worked = loop {
            if let Poll::Ready(worked) = task.poll_unpin(&mut cx) {
                break worked;
            }
        };
        assert_eq!(worked, SECOND);
        other.join().unwrap();
    });
}

#[test]
fn work_that_follows_an_advance_in_the_same_poll_is_waited_for() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let (clock, other_clock) = (time.clone(), time.clone());
        let (begin, begun) = std::sync::mpsc::channel();
        let other = std::thread::spawn(move || {
            begun.recv().unwrap();
            futures::executor::block_on(other_clock.advance(20 * SECOND));
        });
        futures::executor::block_on(time.scope(async move {
            let mut advance = Box::pin(clock.advance(Duration::ZERO));
            assert!((&mut advance).now_or_never().is_none());
            begin.send(()).unwrap();
            std::thread::sleep(Duration::from_millis(100));
            sleep(SECOND).await;
            assert_eq!(Instant::now() - start, SECOND);
        }));
        other.join().unwrap();
    });
}

#[test]
fn a_scoped_future_that_replaces_one_that_timed_out_is_waited_for() {
    within_time(|| {
        let time = VirtualTime::new();
        let pool = ThreadPool::builder().pool_size(1).create().unwrap();
        let forgotten = time.scope(async {});
        futures::executor::block_on(time.advance(SECOND));
        let result = work_between_two_sleeps(&pool, &time);
        drop(forgotten);
        futures::executor::block_on(time.advance(20 * SECOND));
        assert_eq!(result.recv().unwrap(), 2 * SECOND);
    });
}

#[test]
fn two_advances_in_executors_inside_scoped_futures_do_not_wait_for_each_other() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let real = std::time::Instant::now();
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    futures::executor::block_on(time.scope(async {
                        for _ in 0..20 {
                            dormouse::block_on(time.advance(HOUR));
                        }
                    }));
                });
            }
        });
        assert_eq!(time.now() - start, 2 * 20 * HOUR);
        // A wait for a busy scope times out after one second.
        assert!(real.elapsed() < 10 * SECOND, "{:?}", real.elapsed());
    });
}

#[test]
fn an_advance_inside_block_on_does_not_advance_further() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            let mut later = sleep(24 * HOUR);
            assert!((&mut later).now_or_never().is_none());
            time.advance(HOUR).await;
            assert_eq!(Instant::now() - start, HOUR);
        });
    });
}
