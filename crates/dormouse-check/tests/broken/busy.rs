//! Futures that wake their own task instead of waiting for an event.

use crate::cases;
use dormouse_check::{Kind::BusyWake, check, check_stream};
use futures_core::Stream;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Wakes its task in each poll before it returns `Pending`.
struct BusyClock(Instant);

impl Future for BusyClock {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The same, with a clone of the waker.
async fn yields_until(deadline: Instant) {
    while Instant::now() < deadline {
        let mut yielded = false;
        poll_fn(|context| {
            if std::mem::replace(&mut yielded, true) {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            waker.wake();
            Poll::Pending
        })
        .await;
    }
}

/// Waits for a sleep, and wakes its task as well.
struct RedundantWake {
    sleep: dormouse::time::Sleep,
}

impl Future for RedundantWake {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let polled = Pin::new(&mut self.sleep).poll(context);
        if polled.is_pending() {
            context.waker().wake_by_ref();
        }
        polled
    }
}

/// A stream that polls the clock in a loop.
struct Ticks(Instant);

impl Stream for Ticks {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<()>> {
        if Instant::now() < self.0 {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        self.0 += Duration::from_millis(5);
        Poll::Ready(Some(()))
    }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(20)
}

cases! {
    /// `wake_by_ref` before each `Pending`.
    wakes_itself_in_each_poll: [BusyWake], check(|| BusyClock(soon()));
    /// Yields until its deadline.
    yields_until_its_deadline: [BusyWake], check(|| yields_until(soon()));
    /// A wake-up in addition to that of the sleep.
    waits_and_wakes_itself: [BusyWake], check(|| RedundantWake { sleep: dormouse::sleep(Duration::from_millis(20)) });
    /// The same, without an end.
    wakes_itself_and_is_never_ready: [BusyWake], check(|| poll_fn(|context| {
        context.waker().wake_by_ref();
        Poll::<()>::Pending
    }))
    .time_limit(Duration::from_secs(1));
    /// A stream.
    stream_that_wakes_itself: [BusyWake], check_stream(|| Ticks(soon()));
}
