//! What the threads of tasks and of blocking work inherit. Each test has a process of its own.
#![cfg(all(target_os = "linux", not(dormouse_portable)))]

mod common;

use dormouse::task::spawn_blocking;
use dormouse::{block_on, spawn};
use nix::sys::signal::SigSet;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::thread;

each_in_a_child_process! {
    tasks_and_blocking_work_run_on_the_processors_of_the_main_thread
    tasks_and_blocking_work_have_the_signal_mask_of_the_thread_that_spawned_first
}

/// The processors of the calling thread.
fn processors() -> Vec<usize> {
    let set = sched_getaffinity(None).unwrap();
    (0..CpuSet::MAX_CPU).filter(|&cpu| set.is_set(cpu)).collect()
}

mod cases {
    use super::*;

    #[test]
    #[ignore = "started by the test of the same name"]
    fn tasks_and_blocking_work_run_on_the_processors_of_the_main_thread() {
        let all = processors();
        let first = all[0];
        let on_one_processor = move || {
            let mut one = CpuSet::new();
            one.set(first);
            sched_setaffinity(None, &one).unwrap();
            let task = block_on(spawn(async { processors() })).unwrap();
            (task, block_on(spawn_blocking(processors)).unwrap())
        };
        let (task, work) = thread::spawn(on_one_processor).join().unwrap();
        assert_eq!(task, all);
        assert_eq!(work, all);
        let is_worker = |id: &i32| {
            let name = std::fs::read_to_string(format!("/proc/self/task/{id}/comm"));
            name.is_ok_and(|name| name.trim() == "dormouse-worker")
        };
        // Not as many as the thread that spawned has processors. The first thread starts the others.
        let deadline = std::time::Instant::now() + common::LIMIT;
        while common::thread_ids().iter().filter(|id| is_worker(id)).count() < all.len() {
            assert!(std::time::Instant::now() < deadline);
            thread::yield_now();
        }
    }

    /// A process that a task starts inherits the mask.
    #[test]
    #[ignore = "started by the test of the same name"]
    fn tasks_and_blocking_work_have_the_signal_mask_of_the_thread_that_spawned_first() {
        let mask = || SigSet::thread_get_mask().unwrap();
        let own = mask();
        assert_eq!(block_on(spawn(async move { mask() })).unwrap(), own);
        assert_eq!(block_on(spawn_blocking(mask)).unwrap(), own);
    }
}
