//! Tasks and wakers.

use crate::host::{self, HOUR, MS, pause, poll_once};
use dormouse::sleep;
use dormouse::time::Sleep;
use futures::FutureExt;
use futures::channel::oneshot;
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
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

/// The timeout is set for the other sleep when the waker is called.
#[wasm_bindgen]
pub async fn a_waker_can_drop_the_last_sleep_and_begin_an_earlier_one() {
    struct Replaces {
        other: Mutex<Option<Sleep>>,
        new: Mutex<Option<Sleep>>,
        counts: Arc<Counts>,
    }

    impl Wake for Replaces {
        fn wake(self: Arc<Self>) {
            drop(self.other.lock().expect("no waker panics").take());
            assert_eq!(host::timeouts(), 0);
            let (waker, mut new) = (self.counts.clone().into(), sleep(MS));
            assert!(new.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
            *self.new.lock().expect("no waker panics") = Some(new);
            assert_eq!(host::timeouts(), 1);
        }
    }

    let counts = Arc::new(Counts(AtomicUsize::new(0)));
    let mut other = sleep(HOUR);
    assert!(poll_once(&mut other).await.is_pending());
    let (other, new) = (Mutex::new(Some(other)), Mutex::new(None));
    let waker = Arc::new(Replaces { other, new, counts: counts.clone() }).into();
    let mut first = sleep(2 * MS);
    assert!(first.poll_unpin(&mut Context::from_waker(&waker)).is_pending());
    while counts.0.load(Ordering::Relaxed) == 0 {
        pause(MS).await;
    }
    assert_eq!(host::timeouts(), 0);
}
