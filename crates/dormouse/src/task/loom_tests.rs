//! Loom tests of tasks, their handles, and sets of them. A thread takes the place of the executor.

use super::join_set::JoinSet;
use super::state::{Shared, Task};
use super::{JoinError, JoinHandle};
use crate::loom_test::{
    JoinHandle as Thread, WakeCounter, check, external_block_on, spawn, start_exploring,
};
use crate::sync::atomic::{AtomicUsize, Ordering};
use std::future::{Future, pending, ready};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;

/// Runs a task on a thread.
fn run<F>(future: F) -> (Thread<()>, Arc<Shared<F::Output>>)
where
    F: Future + Send + 'static,
    F::Output: Send,
{
    let (task, shared) = Task::new(future);
    (spawn(move || external_block_on(task)), shared)
}

/// Counts drops. loom sees the counter, so another thread may run before the drop.
#[derive(Clone, Default)]
struct CountDrops(Arc<AtomicUsize>);

impl Drop for CountDrops {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn an_abort_concurrent_with_a_poll_is_seen_or_wakes_the_task() {
    check(|| {
        start_exploring();
        let (executor, shared) = run(pending::<()>());
        shared.abort();
        executor.join();
        assert!(shared.is_finished());
    });
}

#[test]
fn an_abort_is_seen_although_the_handle_is_dropped_after_it() {
    check(|| {
        start_exploring();
        let (executor, shared) = run(pending::<()>());
        let handle = JoinHandle::own(shared);
        handle.abort();
        drop(handle);
        executor.join();
    });
}

#[test]
fn a_handle_that_is_polled_while_its_task_completes_returns_the_output() {
    check(|| {
        start_exploring();
        let (executor, shared) = run(ready(7));
        let output = external_block_on(JoinHandle::own(shared));
        assert!(matches!(output, Ok(7)), "the output was lost");
        executor.join();
    });
}

#[test]
fn when_the_handle_of_an_aborted_task_returns_the_future_has_been_dropped() {
    check(|| {
        start_exploring();
        let drops = CountDrops::default();
        let guard = drops.clone();
        let (executor, shared) = run(async move {
            let _guard = guard;
            pending::<()>().await;
        });
        shared.abort();
        let output = external_block_on(JoinHandle::own(shared));
        assert!(output.is_err_and(|err: JoinError| err.is_cancelled()));
        assert_eq!(drops.0.load(Ordering::SeqCst), 1, "the future is still there");
        executor.join();
    });
}

#[test]
fn an_output_is_dropped_if_the_handle_is_dropped_while_the_task_completes() {
    check(|| {
        start_exploring();
        let drops = CountDrops::default();
        let (executor, shared) = run(ready(drops.clone()));
        drop(JoinHandle::own(shared.clone()));
        executor.join();
        assert_eq!(drops.0.load(Ordering::SeqCst), 1, "the output is still there");
        drop(shared);
    });
}

#[test]
fn a_task_has_no_waker_stored_if_its_last_handle_is_dropped_while_it_is_polled() {
    check(|| {
        start_exploring();
        let (task, shared) = Task::new(pending::<()>());
        let counter = WakeCounter::new();
        let waker = counter.waker();
        let executor = spawn(move || {
            let mut task: Pin<Box<_>> = Box::pin(task);
            let _ = task.as_mut().poll(&mut Context::from_waker(&waker));
            task
        });
        let handle = JoinHandle::own(shared);
        let abort = handle.abort_handle();
        drop(handle);
        drop(abort);
        let _task = executor.join();
        assert_eq!(Arc::strong_count(&counter), 1, "the task keeps itself alive");
    });
}

#[test]
fn a_set_that_is_polled_while_its_task_completes_returns_the_output() {
    check(|| {
        start_exploring();
        let (executor, shared) = run(ready(7));
        let mut set = JoinSet::new();
        set.insert(JoinHandle::own(shared));
        let output = external_block_on(set.join_next());
        assert!(matches!(output, Some(Ok(7))), "the output was lost");
        executor.join();
    });
}
