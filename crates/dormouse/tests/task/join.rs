//! Tasks that complete, and their handles.

use super::{CountDrops, on_every_executor};
use crate::common::{LIMIT, MS, count_polls, stream};
use dormouse::task::{JoinHandle, yield_now};
use dormouse::{sleep, spawn, timeout};
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

on_every_executor! {
    a_handle_returns_the_output
    a_task_runs_although_its_handle_is_not_polled
    a_task_runs_on_when_its_handle_is_dropped
    a_task_can_spawn
    an_output_that_is_not_taken_is_dropped_with_the_handle
    the_output_of_a_detached_task_is_dropped
    a_handle_that_has_returned_the_output_returns_an_error_after_that
    a_handle_in_a_select_loses_no_output
    a_handle_wakes_the_waker_that_it_was_polled_with_last
    a_finished_task_is_finished_for_all_handles
    a_task_that_yields_lets_others_run
    sleeps_and_sockets_work_in_tasks
    thousands_of_tasks_complete
}

async fn a_handle_returns_the_output() {
    let text = String::from("text");
    assert_eq!(spawn(async move { text.len() }).await.unwrap(), 4);
}

async fn a_task_runs_although_its_handle_is_not_polled() {
    let (sent, received) = futures::channel::oneshot::channel();
    let task = spawn(async { sent.send(7).unwrap() });
    assert_eq!(received.await, Ok(7));
    task.await.unwrap();
}

async fn a_task_runs_on_when_its_handle_is_dropped() {
    let (sent, received) = futures::channel::oneshot::channel();
    drop(spawn(async {
        sleep(MS).await;
        sent.send(7).unwrap();
    }));
    assert_eq!(received.await, Ok(7));
}

async fn a_task_can_spawn() {
    fn sum(n: u32) -> Pin<Box<dyn Future<Output = u32> + Send>> {
        Box::pin(async move { if n == 0 { 0 } else { n + spawn(sum(n - 1)).await.unwrap() } })
    }
    assert_eq!(spawn(sum(10)).await.unwrap(), 55);
}

/// Waits until a task is finished, without polling its handle.
async fn finished<T>(task: &JoinHandle<T>) {
    while !task.is_finished() {
        sleep(MS).await;
    }
}

async fn an_output_that_is_not_taken_is_dropped_with_the_handle() {
    let drops = CountDrops::default();
    let output = drops.clone();
    let task = spawn(async { output });
    let abort = task.abort_handle();
    finished(&task).await;
    assert_eq!(drops.get(), 0);
    drop(task);
    assert_eq!(drops.get(), 1);
    drop(abort);
}

async fn the_output_of_a_detached_task_is_dropped() {
    let drops = CountDrops::default();
    let output = drops.clone();
    let task = spawn(async {
        sleep(MS).await;
        output
    });
    let abort = task.abort_handle();
    drop(task);
    while drops.get() == 0 {
        sleep(MS).await;
    }
    drop(abort);
}

async fn a_handle_that_has_returned_the_output_returns_an_error_after_that() {
    let mut task = spawn(async { 7 });
    assert_eq!((&mut task).await.unwrap(), 7);
    let err = (&mut task).await.unwrap_err();
    assert!(err.is_cancelled() && !err.is_panic());
    assert_eq!(err.to_string(), "the output of the task was taken before");
    assert!(task.is_finished());
    task.abort();
}

async fn a_handle_in_a_select_loses_no_output() {
    let (sent, received) = futures::channel::oneshot::channel::<()>();
    let mut task = spawn(async {
        received.await.unwrap();
        7
    });
    assert!(timeout(MS, &mut task).await.is_err());
    sent.send(()).unwrap();
    assert_eq!(task.await.unwrap(), 7);
}

async fn a_handle_wakes_the_waker_that_it_was_polled_with_last() {
    let (sent, received) = futures::channel::oneshot::channel::<()>();
    let mut task = spawn(received);
    let (first, waker) = crate::common::Count::new();
    assert!(crate::common::poll(&mut task, &waker).is_pending());
    let (second, waker) = crate::common::Count::new();
    assert!(crate::common::poll(&mut task, &waker).is_pending());
    sent.send(()).unwrap();
    second.wait_for_async(1).await;
    assert_eq!((first.get(), second.get()), (0, 1));
    assert!(crate::common::poll(&mut task, &waker).is_ready());
}

async fn a_finished_task_is_finished_for_all_handles() {
    let task = spawn(std::future::pending::<()>());
    let abort = task.abort_handle();
    assert!(!task.is_finished() && !abort.is_finished());
    abort.abort();
    finished(&task).await;
    assert!(abort.clone().is_finished());
    assert!(task.await.unwrap_err().is_cancelled());
}

async fn a_task_that_yields_lets_others_run() {
    let done = Arc::new(AtomicBool::new(false));
    let seen = done.clone();
    let spins = spawn(async move {
        while !seen.load(Ordering::Relaxed) {
            yield_now().await;
        }
    });
    let other = spawn(async move { done.store(true, Ordering::Relaxed) });
    other.await.unwrap();
    spins.await.unwrap();

    let ((), polls) = count_polls(yield_now()).await;
    assert_eq!(polls, 2);
}

async fn sleeps_and_sockets_work_in_tasks() {
    let (a, b) = stream::pair();
    let echo = spawn(async move {
        for _ in 0..20 {
            stream::receive(&b).await;
            sleep(MS).await;
            stream::send(&b).await;
        }
    });
    let ping = spawn(async move {
        for _ in 0..20 {
            stream::send(&a).await;
            stream::receive(&a).await;
        }
    });
    echo.await.unwrap();
    ping.await.unwrap();
    assert!(timeout(MS, spawn(std::future::pending::<()>())).await.is_err());
}

async fn thousands_of_tasks_complete() {
    let tasks: Vec<_> = (0..5000_u64)
        .map(|n| {
            spawn(async move {
                yield_now().await;
                n
            })
        })
        .collect();
    let mut sum = 0;
    for task in tasks {
        sum += timeout(LIMIT * 5, task).await.unwrap().unwrap();
    }
    assert_eq!(sum, 4999 * 2500);
}
