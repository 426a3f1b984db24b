//! Futures that wait for several events.

use crate::cases;
use dormouse_check::{check, event};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use tokio::sync::Semaphore;

/// Waits for two permits, each of them an event. The first one wakes no task.
fn two_permits() -> impl Future<Output = bool> + Send {
    let semaphore = Arc::new(Semaphore::new(0));
    for _ in 0..2 {
        let permits = semaphore.clone();
        event(move || permits.add_permits(1));
    }
    async move { semaphore.acquire_many(2).await.is_ok() }
}

cases! {
    /// Two channels, one after the other.
    one_channel_after_another: [], check(|| {
        let [first, second] = [7, 8].map(|n| {
            let (sender, receiver) = futures::channel::oneshot::channel();
            event(move || { let _ = sender.send(n); });
            receiver
        });
        async move { (first.await, second.await) }
    }).expect_output(|output| *output == (Ok(7), Ok(8)));
    /// tokio: a semaphore.
    semaphore_of_tokio: [], check(two_permits).expect_output(|acquired| *acquired);
    /// An event that wakes no task.
    event_without_effect: [], check(|| {
        event(|| ());
        let (sender, receiver) = tokio::sync::oneshot::channel();
        event(move || { let _ = sender.send(7); });
        receiver
    }).expect_output(|output| *output == Ok(7));
    /// The output depends on whether the event has happened before the first poll has ended, in whatever order.
    counts_its_waits: [], check(|| {
        let shared: Arc<Mutex<(bool, Option<Waker>)>> = Arc::default();
        let other = Arc::downgrade(&shared);
        event(move || {
            let Some(other) = other.upgrade() else { return };
            let mut shared = other.lock().unwrap();
            shared.0 = true;
            let waker = shared.1.take();
            drop(shared);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
        let mut waits = 0;
        poll_fn(move |context| {
            let waker = context.waker().clone();
            let mut shared = shared.lock().unwrap();
            if shared.0 {
                return Poll::Ready(waits);
            }
            waits += 1;
            let old = shared.1.replace(waker);
            drop(shared);
            drop(old);
            Poll::Pending
        })
    }).expect_output(|waits| *waits > 0);
}

#[test]
fn a_future_that_waits_for_several_events_works_on_each_executor() {
    let report = check(two_permits).run();
    assert!(!report.executors().is_empty(), "{report}");
    assert!(report.executors().iter().all(|(_, result)| result == "works"), "{report}");
}

#[test]
fn a_probe_that_has_nothing_to_race_is_listed_as_skipped() {
    let report = check(|| dormouse::sleep(std::time::Duration::from_millis(1))).run();
    let skipped = report.skipped().iter().any(|(probe, _)| *probe == "wake-up race");
    assert!(skipped && !report.to_json().contains(r#""wake-up race","poll after"#), "{report}");
}
