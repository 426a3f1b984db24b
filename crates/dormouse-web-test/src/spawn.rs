//! `dormouse::task`: tasks on the event loop of the host.

#![allow(clippy::async_yields_async, reason = "a task is spawned where its handle is not awaited")]

use crate::host::{HOUR, MS, pause};
use dormouse::task::{JoinSet, yield_now};
use dormouse::time::Instant;
use dormouse::{VirtualTime, sleep, spawn};
use futures::channel::oneshot;
use std::future::pending;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
pub async fn a_task_runs_on_the_event_loop_and_returns_its_output() {
    let task = spawn(async {
        sleep(2 * MS).await;
        yield_now().await;
        7
    });
    assert_eq!(task.await.unwrap(), 7);
    let (done, is_done) = oneshot::channel();
    drop(spawn(async move { done.send(7) }));
    assert_eq!(is_done.await, Ok(7));
}

#[wasm_bindgen]
pub async fn an_aborted_task_is_dropped_before_its_handle_returns() {
    let (held, is_dropped) = oneshot::channel::<()>();
    let task = spawn(async {
        let _held = held;
        pending::<()>().await;
    });
    pause(MS).await;
    task.abort();
    assert!(task.await.unwrap_err().is_cancelled());
    assert!(is_dropped.await.is_err());
}

#[wasm_bindgen]
pub async fn a_set_returns_outputs_in_the_order_of_completion() {
    let mut set = JoinSet::new();
    for n in [3, 1, 2] {
        set.spawn(async move {
            sleep(10 * n * MS).await;
            n
        });
    }
    for n in 1..=3 {
        assert_eq!(set.join_next().await.unwrap().unwrap(), n);
    }
    assert!(set.join_next().await.is_none());
}

#[wasm_bindgen]
pub async fn a_task_that_is_spawned_in_virtual_time_stays_in_it() {
    let time = VirtualTime::new();
    let start = time.now();
    let task = time.scope(async {
        spawn(async {
            sleep(HOUR).await;
            Instant::now()
        })
    });
    let task = task.await;
    time.advance(2 * HOUR).await;
    assert_eq!(task.await.unwrap() - start, HOUR);
}
