//! Tasks that are spawned in virtual time.

use super::CountDrops;
use crate::common::{multi_thread, within_time};
use dormouse::task::{JoinSet, spawn_blocking};
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, spawn, timeout};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const HOUR: Duration = Duration::from_secs(3600);

#[test]
fn a_task_in_block_on_sleeps_in_virtual_time_on_that_thread() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async move {
            let thread = std::thread::current().id();
            let task = spawn(async move {
                sleep(HOUR).await;
                (std::thread::current().id(), Instant::now())
            });
            let (ran_on, woken) = task.await.unwrap();
            assert_eq!(ran_on, thread);
            assert_eq!(woken - start, HOUR);
        });
    });
}

#[test]
fn time_advances_only_when_no_task_has_anything_to_do() {
    within_time(|| {
        let order = Arc::new(Mutex::new(Vec::new()));
        let time = VirtualTime::new();
        let start = time.now();
        time.block_on(async {
            let mut tasks = JoinSet::new();
            for n in 0..10 {
                let order = order.clone();
                tasks.spawn(async move {
                    for _ in 0..3 {
                        sleep(HOUR * (n + 1)).await;
                        // As many other tasks: each runs at the time at which it was woken.
                        let inner = spawn(async { spawn(async { Instant::now() }).await.unwrap() });
                        let seen = inner.await.unwrap();
                        assert_eq!(seen, Instant::now());
                        order.lock().unwrap().push((seen - start).as_secs() / 3600);
                    }
                });
            }
            while let Some(joined) = tasks.join_next().await {
                joined.unwrap();
            }
        });
        let mut expected: Vec<u64> = (1..=10).flat_map(|n| [n, 2 * n, 3 * n]).collect();
        expected.sort();
        assert_eq!(*order.lock().unwrap(), expected);
    });
}

#[test]
fn tasks_that_are_left_when_block_on_returns_are_cancelled() {
    within_time(|| {
        let drops = CountDrops::default();
        let task = VirtualTime::new().block_on(async {
            let task = spawn(drops.pending());
            dormouse::task::yield_now().await;
            task
        });
        assert_eq!(drops.get(), 1);
        assert!(dormouse::block_on(task).unwrap_err().is_cancelled());
    });
}

#[test]
fn a_task_that_is_spawned_in_a_scope_stays_in_its_time() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        let test = async {
            let outer =
                time.scope(async { spawn(async { spawn(sleep_an_hour()).await.unwrap() }) });
            let outer = outer.await;
            time.advance(HOUR * 2).await;
            let woken = outer.await.unwrap();
            assert_eq!(woken - start, HOUR);
        };
        // On threads of tokio, and on the default executor.
        multi_thread().block_on(test);
        let start = time.now();
        dormouse::block_on(async {
            let task = time.scope(async { spawn(sleep_an_hour()) }).await;
            time.advance(HOUR * 2).await;
            assert_eq!(task.await.unwrap() - start, HOUR);
        });
    });
}

async fn sleep_an_hour() -> Instant {
    sleep(HOUR).await;
    Instant::now()
}

/// A chain of tasks on several threads: at each deadline, the task that awaits the handle of another runs before time
/// advances further.
#[test]
fn time_does_not_advance_between_the_end_of_a_task_and_the_wake_up_of_its_handle() {
    within_time(|| {
        let time = VirtualTime::new();
        let start = time.now();
        dormouse::block_on(async {
            let task = time.scope(async move {
                spawn(async move {
                    let mut seen = Vec::new();
                    for _ in 0..200 {
                        let woken = spawn(async {
                            sleep(Duration::from_secs(1)).await;
                            Instant::now()
                        });
                        let woken = woken.await.unwrap();
                        seen.push((woken - start, Instant::now() - woken));
                    }
                    seen
                })
            });
            let task = task.await;
            time.advance(HOUR).await;
            for (n, (at, late)) in task.await.unwrap().into_iter().enumerate() {
                assert_eq!((at, late), (Duration::from_secs(n as u64 + 1), Duration::ZERO));
            }
        });
    });
}

#[test]
fn blocking_work_sees_virtual_time_and_is_waited_for() {
    within_time(|| {
        let time = VirtualTime::new();
        time.block_on(async move {
            let (start, begun) = (Instant::now(), std::time::Instant::now());
            let _far = spawn(sleep(HOUR));
            let work = spawn_blocking(|| {
                std::thread::sleep(Duration::from_millis(20));
                Instant::now()
            });
            // The deadline of this would come first if time did not wait. It waits for up to a second of real time.
            match timeout(HOUR, work).await {
                Ok(seen) => assert_eq!(seen.unwrap(), start),
                Err(_) => assert!(begun.elapsed() > Duration::from_millis(900)),
            }
        });
    });
}

#[test]
fn a_block_on_within_virtual_time_runs_its_tasks_on_other_threads() {
    within_time(|| {
        VirtualTime::new().block_on(async {
            let thread = std::thread::current().id();
            let inner = dormouse::block_on(async {
                spawn(async { std::thread::current().id() }).await.unwrap()
            });
            assert_ne!(inner, thread);
        });
    });
}
