//! Blocking work.

use super::on_every_executor;
use crate::common::{LIMIT, MS};
use dormouse::task::{JoinSet, spawn_blocking};
use dormouse::{sleep, spawn, timeout};
use std::sync::{Arc, Barrier};

on_every_executor! {
    blocking_work_returns_its_output
    blocking_work_that_waits_for_other_work_does_not_deadlock
    blocking_work_keeps_no_task_from_running
    blocking_work_that_is_aborted_while_it_runs_completes
    blocking_work_can_spawn
}

async fn blocking_work_returns_its_output() {
    assert_eq!(spawn_blocking(|| 7).await.unwrap(), 7);
    let mut set = JoinSet::new();
    (0..100).for_each(|n| drop(set.spawn_blocking(move || n)));
    let mut sum = 0;
    while let Some(n) = set.join_next().await {
        sum += n.unwrap();
    }
    assert_eq!(sum, 4950);
}

async fn blocking_work_that_waits_for_other_work_does_not_deadlock() {
    const COUNT: usize = 50;
    let barrier = Arc::new(Barrier::new(COUNT));
    let work: Vec<_> = (0..COUNT)
        .map(|_| {
            let barrier = barrier.clone();
            spawn_blocking(move || barrier.wait().is_leader())
        })
        .collect();
    let mut leaders = 0;
    for work in work {
        leaders += usize::from(work.await.unwrap());
    }
    assert_eq!(leaders, 1);
}

async fn blocking_work_keeps_no_task_from_running() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let work = spawn_blocking(move || released.recv());
    assert_eq!(spawn(async { 7 }).await.unwrap(), 7);
    release.send(()).unwrap();
    work.await.unwrap().unwrap();
}

async fn blocking_work_that_is_aborted_while_it_runs_completes() {
    let (started, has_started) = futures::channel::oneshot::channel();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let work = spawn_blocking(move || {
        started.send(()).unwrap();
        released.recv().unwrap();
        7
    });
    has_started.await.unwrap();
    work.abort();
    release.send(()).unwrap();
    assert_eq!(timeout(LIMIT, work).await.unwrap().unwrap(), 7);
}

async fn blocking_work_can_spawn() {
    let inner = spawn_blocking(|| spawn(async { 7 })).await.unwrap();
    sleep(MS).await;
    assert_eq!(inner.await.unwrap(), 7);
}
