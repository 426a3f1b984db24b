//! Panics: of a task, of the destructor of its future, and of what a panic carries.

use super::on_every_executor;
use crate::common::MS;
use dormouse::task::{JoinError, spawn_blocking};
use dormouse::{sleep, spawn};
use std::future::pending;
use std::io;
use std::panic::panic_any;

on_every_executor! {
    a_panic_is_returned_by_the_handle
    a_panic_harms_no_other_task
    a_panic_of_a_destructor_is_returned_by_the_handle
    a_panic_of_an_aborted_task_is_returned_by_the_handle
    a_payload_that_panics_when_it_is_dropped_harms_no_other_task
    an_error_says_what_has_happened
}

struct PanicOnDrop;

impl Drop for PanicOnDrop {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            panic!("from a destructor");
        }
    }
}

fn message(err: JoinError) -> &'static str {
    assert!(err.is_panic() && !err.is_cancelled());
    *err.into_panic().downcast::<&str>().unwrap()
}

async fn a_panic_is_returned_by_the_handle() {
    assert_eq!(message(spawn(async { panic!("first poll") }).await.unwrap_err()), "first poll");
    let later = async {
        sleep(MS).await;
        panic!("later");
    };
    assert_eq!(message(spawn(later).await.unwrap_err()), "later");
    let work = || panic!("blocking");
    assert_eq!(message(spawn_blocking(work).await.unwrap_err()), "blocking");
    let err = spawn(async { panic_any(7) }).await.unwrap_err();
    assert_eq!(*err.try_into_panic().unwrap().downcast::<i32>().unwrap(), 7);
}

async fn a_panic_harms_no_other_task() {
    let before = spawn(async {
        sleep(MS * 5).await;
        7
    });
    for _ in 0..100 {
        drop(spawn(async { panic!("detached") }));
    }
    assert_eq!(before.await.unwrap(), 7);
    assert_eq!(spawn(async { 8 }).await.unwrap(), 8);
}

async fn a_panic_of_a_destructor_is_returned_by_the_handle() {
    let guard = PanicOnDrop;
    let polled_to_the_end = std::future::poll_fn(move |_| {
        let _ = &guard;
        std::task::Poll::Ready(())
    });
    assert_eq!(message(spawn(polled_to_the_end).await.unwrap_err()), "from a destructor");
    assert_eq!(spawn(async { 8 }).await.unwrap(), 8);
}

async fn a_panic_of_an_aborted_task_is_returned_by_the_handle() {
    let guard = PanicOnDrop;
    let task = spawn(async {
        let _guard = guard;
        pending::<()>().await;
    });
    sleep(MS).await;
    task.abort();
    assert_eq!(message(task.await.unwrap_err()), "from a destructor");
    assert_eq!(spawn(async { 8 }).await.unwrap(), 8);
}

async fn a_payload_that_panics_when_it_is_dropped_harms_no_other_task() {
    drop(spawn(async { panic_any(PanicOnDrop) }));
    sleep(MS).await;
    assert_eq!(spawn(async { 8 }).await.unwrap(), 8);
    std::mem::forget(spawn(async { panic_any(PanicOnDrop) }).await.unwrap_err());
}

async fn an_error_says_what_has_happened() {
    let panicked = || async { spawn(async { panic!("oh {}", "no") }).await.unwrap_err() };
    assert_eq!(panicked().await.to_string(), "the task has panicked: oh no");
    let without_message = spawn(async { panic_any(7) }).await.unwrap_err();
    assert_eq!(without_message.to_string(), "the task has panicked");

    let task = spawn(pending::<()>());
    task.abort();
    let cancelled = task.await.unwrap_err().try_into_panic().unwrap_err();
    assert_eq!(cancelled.to_string(), "the task was cancelled");
    assert_eq!(format!("{cancelled:?}"), r#"JoinError("the task was cancelled")"#);
    let payload = cancelled.into_panic();
    assert_eq!(*payload.downcast::<String>().unwrap(), "the task was cancelled");

    let err = io::Error::from(panicked().await);
    assert_eq!(err.kind(), io::ErrorKind::Other);
    assert_eq!(err.to_string(), "the task has panicked: oh no");
}
