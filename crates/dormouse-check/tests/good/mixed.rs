//! Put together from others, and those that leave the thread to others now and then.

use crate::cases;
use dormouse_check::{Kind, check, check_stream, event};
use futures::FutureExt;
use futures::future::{join, select};
use futures::stream::{self, FuturesUnordered};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(2);

cases! {
    /// Nothing to wait for.
    ready_at_once: [], check(|| async { 7 }).expect_output(|output| *output == 7);
    /// Yields as often as is fine.
    yields_some_times: [], check(|| async {
        for _ in 0..20 {
            yield_once().await;
        }
    });
    /// Both have to be ready.
    join_of_two: [], check(|| {
        let (sender, receiver) = futures::channel::oneshot::channel();
        event(move || { let _ = sender.send(7); });
        join(receiver, dormouse::sleep(SHORT))
    });
    /// One of them is enough; the other one is dropped.
    select_of_two: [], check(|| {
        select(dormouse::sleep(SHORT), dormouse::sleep(Duration::from_secs(60))).map(drop)
    });
    /// With a waker of its own for each.
    unordered: [], check_stream(|| {
        (1..=3).map(|n| dormouse::sleep(Duration::from_millis(n))).collect::<FuturesUnordered<_>>()
    });
    /// Wakes all its clones; with its list of them locked, in truth.
    shared: [], check(|| {
        let first = dormouse::sleep(SHORT).shared();
        join(first.clone(), first)
    }).allow(Kind::WakeUnderLock);
    /// Of things that are there.
    stream_of_values: [], check_stream(|| stream::iter([1, 2, 3]));
    /// A thread that is told to end.
    thread_that_is_told_to_end: [], check(|| crate::own::ThreadSleep::new(SHORT));
}

/// Wakes itself once, and is ready the next time.
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
