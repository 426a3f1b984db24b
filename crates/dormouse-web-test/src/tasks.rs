//! Tasks and wakers.

use crate::host::{self, HOUR, MS, pause, poll_once};
use dormouse::sleep;
use futures::FutureExt;
use futures::channel::oneshot;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen_futures::spawn_local;

#[wasm_bindgen]
pub async fn a_sleep_wakes_the_task_that_has_polled_it_last() {
    let (mut sleep, (done, is_done)) = (sleep(5 * MS), oneshot::channel());
    assert!(poll_once(&mut sleep).await.is_pending());
    spawn_local(async move {
        sleep.await;
        let _ = done.send(());
    });
    is_done.await.expect("the task completes");
}

#[wasm_bindgen]
pub async fn a_sleep_works_in_an_executor_with_wakers_of_its_own() {
    let sleeps: FuturesUnordered<_> = (1..100).map(|nth| sleep(nth * MS / 4)).collect();
    assert_eq!(sleeps.count().await, 99);
}

#[wasm_bindgen]
pub async fn two_polls_are_enough_for_a_sleep() {
    let mut polls = 0;
    let mut sleep = sleep(30 * MS);
    std::future::poll_fn(|cx| {
        polls += 1;
        sleep.poll_unpin(cx)
    })
    .await;
    assert_eq!(polls, 2);
}

/// Counts how often it is called.
struct Counts(AtomicUsize);

impl Wake for Counts {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[wasm_bindgen]
pub async fn a_task_that_panics_leaves_the_timers_of_others_alone() {
    host::expect_panic();
    let (counts, mut other) = (Arc::new(Counts(AtomicUsize::new(0))), sleep(40 * MS));
    let waker = counts.clone().into();
    assert!(other.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    spawn_local(async {
        sleep(5 * MS).await;
        panic!("as expected");
    });
    host::panic_has_happened().await;
    while counts.0.load(Ordering::Relaxed) == 0 {
        pause(MS).await;
    }
    sleep(MS).await;
}

/// A panic aborts the call of the timeout, so what was due in the same call is lost.
#[wasm_bindgen]
pub async fn after_a_waker_that_panics_later_timers_fire() {
    struct Panics;

    impl Wake for Panics {
        fn wake(self: Arc<Self>) {
            panic!("as expected");
        }
    }

    host::expect_panic();
    let (waker, mut first) = (Arc::new(Panics).into(), sleep(2 * MS));
    assert!(first.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    host::panic_has_happened().await;
    assert!(first.is_elapsed());
    sleep(MS).await;
}

#[wasm_bindgen]
pub async fn a_waker_can_create_and_drop_timers() {
    struct Creates(AtomicUsize);

    impl Wake for Creates {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
            let waker = self.into();
            let cx = &mut Context::from_waker(&waker);
            assert!(sleep(HOUR).poll_unpin(cx).is_pending());
        }
    }

    let (creates, mut first) = (Arc::new(Creates(AtomicUsize::new(0))), sleep(2 * MS));
    let waker = creates.clone().into();
    assert!(first.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    pause(20 * MS).await;
    assert_eq!(creates.0.load(Ordering::Relaxed), 1);
    drop(first);
    assert_eq!(host::timeouts(), 0);
}
