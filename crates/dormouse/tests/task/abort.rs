//! Tasks that are aborted.

use super::{CountDrops, on_every_executor};
use crate::common::MS;
use dormouse::task::AbortHandle;
use dormouse::{sleep, spawn};
use futures::channel::oneshot;
use std::future::{pending, poll_fn};
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::task::Poll;

on_every_executor! {
    a_task_whose_handle_is_dropped_after_the_abort_is_dropped
    an_aborted_task_is_dropped_before_its_handle_returns
    a_task_that_is_aborted_before_it_runs_is_dropped
    a_task_that_is_aborted_while_it_runs_is_dropped_after_the_poll
    a_task_that_completes_in_the_poll_in_which_it_is_aborted_returns_its_output
    a_complete_task_cannot_be_aborted
    a_detached_task_can_be_aborted
    a_task_that_is_aborted_is_not_polled_again
}

async fn an_aborted_task_is_dropped_before_its_handle_returns() {
    let drops = CountDrops::default();
    let guard = drops.clone();
    let (sent, received) = oneshot::channel();
    let task = spawn(async {
        let _guard = guard;
        sent.send(()).unwrap();
        pending::<()>().await;
    });
    received.await.unwrap();
    sleep(MS).await;
    task.abort();
    task.abort();
    let err = task.await.unwrap_err();
    assert!(err.is_cancelled() && !err.is_panic());
    assert_eq!(drops.get(), 1);
}

async fn a_task_whose_handle_is_dropped_after_the_abort_is_dropped() {
    for pause in [false, true] {
        let drops = CountDrops::default();
        let task = spawn(drops.pending());
        if pause {
            sleep(MS).await;
        }
        task.abort();
        drop(task);
        while drops.get() == 0 {
            sleep(MS).await;
        }
    }
}

async fn a_task_that_is_aborted_before_it_runs_is_dropped() {
    let drops = CountDrops::default();
    let task = spawn(drops.pending());
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert_eq!(drops.get(), 1);
}

/// Spawns a task that, in its first poll, aborts itself and then returns `result`.
async fn aborts_itself(result: Poll<u32>) -> Result<u32, dormouse::task::JoinError> {
    let (sent, received) = oneshot::channel::<AbortHandle>();
    let mut received = Some(received);
    let mut aborted = false;
    let task = spawn(async move {
        let abort = received.take().unwrap().await.unwrap();
        poll_fn(move |_| {
            assert!(!aborted, "polled again");
            aborted = true;
            abort.abort();
            result
        })
        .await
    });
    sent.send(task.abort_handle()).unwrap();
    task.await
}

async fn a_task_that_is_aborted_while_it_runs_is_dropped_after_the_poll() {
    assert!(aborts_itself(Poll::Pending).await.unwrap_err().is_cancelled());
}

async fn a_task_that_completes_in_the_poll_in_which_it_is_aborted_returns_its_output() {
    assert_eq!(aborts_itself(Poll::Ready(7)).await.unwrap(), 7);
}

async fn a_complete_task_cannot_be_aborted() {
    let task = spawn(async { 7 });
    while !task.is_finished() {
        sleep(MS).await;
    }
    task.abort();
    assert_eq!(task.await.unwrap(), 7);
}

async fn a_detached_task_can_be_aborted() {
    let drops = CountDrops::default();
    let task = spawn(drops.pending());
    let abort = task.abort_handle();
    drop(task);
    sleep(MS).await;
    assert_eq!(drops.get(), 0);
    abort.abort();
    while !abort.is_finished() {
        sleep(MS).await;
    }
    assert_eq!(drops.get(), 1);
}

/// A waker of the future that is called at the time of the abort does not make it run again.
async fn a_task_that_is_aborted_is_not_polled_again() {
    for _ in 0..100 {
        let (sent, received) = oneshot::channel();
        let (report, mut reported) = oneshot::channel();
        let mut report = Some(report);
        let mut sent = Some(sent);
        let mut received = Some(received);
        let task = spawn(poll_fn(move |cx| {
            if let Some(sent) = sent.take() {
                sent.send(cx.waker().clone()).unwrap();
                return Poll::Pending;
            }
            report.take().unwrap().send(()).unwrap();
            Poll::<()>::Pending
        }));
        let waker = received.take().unwrap().await.unwrap();
        sleep(MS / 10).await;
        task.abort();
        waker.wake();
        assert!(task.await.unwrap_err().is_cancelled());
        assert_eq!(reported.try_recv(), Err(oneshot::Canceled));
    }
}

/// As that of tokio.
#[test]
fn an_abort_handle_can_be_moved_into_catch_unwind() {
    fn check<T: UnwindSafe + RefUnwindSafe>() {}
    check::<AbortHandle>();
}
