//! The executor of programs without another.

use super::CountDrops;
use crate::common::{LIMIT, MS, within_time};
use dormouse::task::spawn_blocking;
use dormouse::{block_on, sleep, spawn, timeout};
use std::collections::BTreeSet;
use std::sync::{Arc, Barrier};

fn thread_name() -> String {
    std::thread::current().name().unwrap_or_default().to_owned()
}

#[test]
fn tasks_run_on_threads_of_their_own_name() {
    within_time(|| {
        let name = block_on(spawn(async { thread_name() })).unwrap();
        assert_eq!(name, "dormouse-worker");
        let name = block_on(spawn_blocking(thread_name)).unwrap();
        assert_eq!(name, "dormouse-blocking");
    });
}

#[test]
fn tasks_run_on_as_many_threads_as_there_are_processors() {
    within_time(|| {
        let count = std::thread::available_parallelism().unwrap().get();
        let barrier = Arc::new(Barrier::new(count));
        // All of them run at once, or this waits forever.
        let tasks: Vec<_> = (0..count)
            .map(|_| {
                let barrier = barrier.clone();
                spawn(async move {
                    barrier.wait();
                    std::thread::current().id()
                })
            })
            .collect();
        let threads: BTreeSet<_> =
            tasks.into_iter().map(|task| format!("{:?}", block_on(task).unwrap())).collect();
        assert_eq!(threads.len(), count);
    });
}

#[test]
fn a_task_that_is_spawned_without_any_executor_runs() {
    within_time(|| {
        let (sent, received) = std::sync::mpsc::channel();
        drop(spawn(async move {
            sleep(MS).await;
            sent.send(7).unwrap();
        }));
        assert_eq!(received.recv_timeout(LIMIT), Ok(7));
    });
}

#[test]
#[cfg(feature = "tokio")]
fn tasks_that_are_spawned_in_block_on_inside_of_tokio_run_without_tokio() {
    within_time(|| {
        let runtime = crate::common::current_thread();
        let name = runtime.block_on(async {
            // The only thread of the runtime is blocked here.
            block_on(async { timeout(LIMIT, spawn(async { thread_name() })).await.unwrap() })
        });
        assert_eq!(name.unwrap(), "dormouse-worker");
    });
}

#[test]
fn a_task_can_block_on_other_tasks() {
    within_time(|| {
        let outer = spawn(async { block_on(async { timeout(LIMIT, spawn(async { 7 })).await }) });
        // One thread is blocked: another is needed.
        if std::thread::available_parallelism().unwrap().get() > 1 {
            assert_eq!(block_on(outer).unwrap().unwrap().unwrap(), 7);
        }
    });
}

#[test]
fn a_task_that_nothing_can_wake_is_dropped_with_its_last_handle() {
    within_time(|| {
        let drops = CountDrops::default();
        let task = spawn(drops.pending());
        let abort = task.abort_handle();
        std::thread::sleep(MS);
        drop(task);
        drop(abort.clone());
        std::thread::sleep(MS);
        assert_eq!(drops.get(), 0);
        drop(abort);
        while drops.get() == 0 {
            std::thread::sleep(MS);
        }
    });
}
