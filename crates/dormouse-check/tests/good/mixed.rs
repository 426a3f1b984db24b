//! Futures composed of other futures, and futures that yield.

use crate::cases;
use dormouse_check::{Kind, check, check_stream, event};
use futures::FutureExt;
use futures::future::{join, select};
use futures::stream::{self, FuturesUnordered};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(2);

cases! {
    /// Ready at its first poll.
    ready_at_once: [], check(|| async { 7 }).expect_output(|output| *output == 7);
    /// Yields 20 times, below the limit.
    yields_a_few_times: [], check(|| async {
        for _ in 0..20 {
            yield_once().await;
        }
    });
    /// Yields far more often than the limit, but always the same number of times: it works, and does not wait.
    yields_many_times: [], check(|| async {
        for _ in 0..400 {
            yield_once().await;
        }
    });
    /// Completes when both futures are ready.
    join_of_two: [], check(|| {
        let (sender, receiver) = futures::channel::oneshot::channel();
        event(move || { let _ = sender.send(7); });
        join(receiver, dormouse::sleep(SHORT))
    });
    /// Completes when one future is ready, and drops the other.
    select_of_two: [], check(|| {
        select(dormouse::sleep(SHORT), dormouse::sleep(Duration::from_secs(60))).map(drop)
    });
    /// Polls each future with a separate waker.
    unordered: [], check_stream(|| {
        (1..=3).map(|n| dormouse::sleep(Duration::from_millis(n))).collect::<FuturesUnordered<_>>()
    });
    /// Wakes all its clones, while its list of wakers is locked.
    shared: [], check(|| {
        let first = dormouse::sleep(SHORT).shared();
        join(first.clone(), first)
    }).allow(Kind::WakeUnderLock);
    /// A stream whose items are ready.
    stream_of_values: [], check_stream(|| stream::iter([1, 2, 3]));
    /// Starts a thread, and stops it on drop.
    thread_stopped_on_drop: [], check(|| crate::handwritten::ThreadSleep::new(SHORT));
}

/// Wakes its task at the first poll, and is ready at the second.
fn yield_once() -> impl Future<Output = ()> {
    let mut yielded = false;
    std::future::poll_fn(move |context| {
        if std::mem::replace(&mut yielded, true) {
            return std::task::Poll::Ready(());
        }
        context.waker().wake_by_ref();
        std::task::Poll::Pending
    })
}

/// Inside `block_on`, tokio lets a poll take 128 messages. Then each receiver wakes its task, and is pending until that
/// poll of the task has returned, which is the whole run of a probe.
#[test]
fn the_budget_of_a_task_of_tokio_is_not_blamed_on_the_future() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().expect("a runtime");
    let report = check(|| async {
        let (sender, mut receiver) = tokio::sync::mpsc::unbounded_channel();
        (0..300).for_each(|n| sender.send(n).expect("it is open"));
        for _ in 0..300 {
            receiver.recv().await;
        }
    })
    .around(move |code| runtime.block_on(async { code() }))
    .time_limit(Duration::from_secs(2))
    .run();
    assert_eq!(report.failures(), [Kind::NeverReady], "{report}");
    assert!(report.to_string().contains("Enter the runtime"), "{report}");
}
