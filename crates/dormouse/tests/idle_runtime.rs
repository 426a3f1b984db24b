//! Sleeps inside a `current_thread` runtime that the polling thread does not drive. If no other thread drives it either,
//! the runtime is idle, and its reactor wakes no task.
#![cfg(feature = "tokio")]

mod common;

use common::{
    Count, MS, assert_not_early, current_thread, multi_thread, pending_for, poll, within_time,
};
use dormouse::sleep;
use dormouse::time::Sleep;
use futures::executor::block_on;
use futures::future::lazy;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::mpsc::channel;
use std::task::Waker;
use std::thread;
use std::time::Duration;

/// Polls sleeps with wakers of its own.
fn unordered() -> FuturesUnordered<impl Future<Output = Duration>> {
    (2..5).map(|ms| assert_not_early(sleep(ms * MS))).collect()
}

async fn all(mut sleeps: FuturesUnordered<impl Future<Output = Duration>>) {
    while sleeps.next().await.is_some() {}
}

#[test]
fn a_sleep_fires_if_its_waker_has_the_address_of_one_that_tokio_polled_with() {
    within_time(|| {
        let runtime = current_thread();
        for _ in 0..50 {
            runtime.block_on(all(unordered()));
            let _context = runtime.enter();
            block_on(all(unordered()));
        }
    });
}

#[test]
fn a_sleep_fires_if_tokio_has_polled_it_with_the_same_waker() {
    within_time(|| {
        let runtime = current_thread();
        let (count, waker) = Count::new();
        let mut sleep = runtime.block_on(lazy(|_| pending_for(20 * MS, &waker)));
        let _context = runtime.enter();
        if poll(&mut sleep, &waker).is_pending() {
            count.wait_for(1);
        }
    });
}

#[test]
fn a_sleep_on_a_blocking_thread_of_an_idle_runtime_fires() {
    within_time(|| {
        let runtime = current_thread();
        let (done, is_done) = channel();
        runtime.spawn_blocking(move || {
            block_on(assert_not_early(sleep(5 * MS)));
            block_on(all(unordered()));
            done.send(()).unwrap();
        });
        is_done.recv().unwrap();
    });
}

#[test]
fn a_sleep_in_block_on_of_the_handle_of_an_idle_runtime_fires() {
    within_time(|| {
        let runtime = current_thread();
        runtime.handle().block_on(assert_not_early(sleep(5 * MS)));
        let (done, is_done) = channel();
        let handle = runtime.handle().clone();
        runtime.spawn_blocking(move || {
            handle.block_on(assert_not_early(sleep(5 * MS)));
            done.send(()).unwrap();
        });
        is_done.recv().unwrap();
    });
}

#[test]
fn a_sleep_in_another_runtime_in_the_context_of_an_idle_one_fires() {
    within_time(|| {
        let idle = current_thread();
        multi_thread().block_on(async {
            let _context = idle.enter();
            assert_not_early(sleep(5 * MS)).await;
            all(unordered()).await;
        });
    });
}

/// The timer queue of the runtime that has shut down serves the idle one.
#[test]
fn a_sleep_that_moves_from_an_idle_runtime_to_one_that_has_shut_down_fires() {
    within_time(|| {
        let former = multi_thread();
        let handle = former.handle().clone();
        let (send, receive) = channel::<Sleep>();
        let (ready, is_ready) = channel();
        let thread = thread::spawn(move || {
            let _context = handle.enter();
            // This thread knows the queue of the runtime from here on.
            assert!(poll(&mut sleep(3_600_000 * MS), Waker::noop()).is_pending());
            ready.send(()).unwrap();
            block_on(assert_not_early(receive.recv().unwrap()));
        });
        is_ready.recv().unwrap();
        drop(former);
        let idle = current_thread();
        let (_, waker) = Count::new();
        send.send(idle.block_on(lazy(|_| pending_for(20 * MS, &waker)))).unwrap();
        thread.join().unwrap();
    });
}
