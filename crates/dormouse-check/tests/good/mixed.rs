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
