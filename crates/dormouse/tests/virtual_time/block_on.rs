//! `VirtualTime::block_on`: when it jumps to a deadline, and what it waits for before it jumps.

use super::{HOUR, MINUTE, SECOND};
use crate::common::{MS, within_time};
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, timeout};

#[test]
fn block_on_can_be_nested() {
    within_time(|| {
        let (time, other) = (VirtualTime::new(), VirtualTime::new());
        let (start, other_start) = (time.now(), other.now());
        time.block_on(async {
            sleep(SECOND).await;
            time.block_on(async { sleep(SECOND).await });
            other.block_on(async { sleep(HOUR).await });
            sleep(SECOND).await;
        });
        assert_eq!(time.now() - start, 3 * SECOND);
        assert_eq!(other.now() - other_start, HOUR);
    });
}

#[test]
fn without_a_deadline_block_on_waits_for_real_events() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                std::thread::sleep(5 * MS);
                send.send(7).unwrap();
            });
            assert_eq!(time.block_on(receive), Ok(7));
        });
        assert_eq!(time.now(), start);
    });
}

#[test]
fn block_on_jumps_to_a_deadline_set_by_another_thread() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let (send, receive) = futures::channel::oneshot::channel();
        std::thread::scope(|scope| {
            let task = time.scope(async {
                std::thread::sleep(5 * MS);
                sleep(HOUR).await;
                send.send(Instant::now()).unwrap();
            });
            scope.spawn(|| futures::executor::block_on(task));
            assert_eq!(time.block_on(receive), Ok(start + HOUR));
        });
    });
}

#[test]
fn threads_in_block_on_of_the_same_time_wait_for_each_other() {
    within_time(|| {
        let time = VirtualTime::new();
        std::thread::scope(|scope| {
            for thread in 0..3 {
                let time = time.clone();
                scope.spawn(move || {
                    time.block_on(async {
                        for nth in 0..2000 {
                            let step = (nth * 7 + thread * 13) % 10 * SECOND;
                            let start = Instant::now();
                            sleep(step).await;
                            assert_eq!(start.elapsed(), step);
                        }
                    });
                });
            }
        });
    });
}

#[test]
fn a_scoped_future_that_runs_on_another_thread_delays_the_jump() {
    within_time(|| {
        let time = VirtualTime::new();
        std::thread::scope(|scope| {
            let (send, receive) = futures::channel::oneshot::channel();
            let task = time.scope(async {
                std::thread::sleep(5 * MS);
                sleep(SECOND).await;
                std::thread::sleep(5 * MS);
                send.send(Instant::now()).unwrap();
            });
            scope.spawn(|| futures::executor::block_on(task));
            let start = time.now();
            let answer = time.block_on(async { timeout(MINUTE, receive).await });
            assert_eq!(answer, Ok(Ok(start + SECOND)));
        });
    });
}

#[test]
fn a_scoped_future_that_is_never_polled_delays_jumps_only_briefly() {
    within_time(|| {
        let time = VirtualTime::new();
        let forgotten = time.scope(async {});
        let start = time.now();
        time.block_on(async {
            for _ in 0..1000 {
                sleep(SECOND).await;
            }
        });
        assert_eq!(time.now() - start, 1000 * SECOND);
        drop(forgotten);
    });
}

#[test]
fn a_scoped_future_created_after_one_that_timed_out_is_waited_for() {
    within_time(|| {
        let time = VirtualTime::new();
        let forgotten = time.scope(async {});
        time.block_on(async { sleep(SECOND).await });
        drop(forgotten);
        let start = time.now();
        std::thread::scope(|scope| {
            let task = time.scope(async {
                std::thread::sleep(20 * MS);
                sleep(SECOND).await;
                Instant::now()
            });
            let task = scope.spawn(|| futures::executor::block_on(task));
            futures::executor::block_on(time.advance(HOUR));
            // If `advance` did not wait for the task, its sleep starts after the hour.
            time.advance_now(HOUR);
            assert_eq!(task.join().unwrap(), start + SECOND);
        });
    });
}
