//! They wake themselves instead of waiting.

use crate::cases;
use dormouse_check::{Kind::BusyWake, check, check_stream};
use futures_core::Stream;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

/// Wakes itself in each poll before it returns `Pending`, to be asked again.
struct Impatient(Instant);

impl Future for Impatient {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if Instant::now() >= self.0 {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The same, with a clone that it keeps for a moment.
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

/// Waits for a sleep, and wakes itself all the same.
struct Belt {
    sleep: dormouse::time::Sleep,
}

impl Future for Belt {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let polled = Pin::new(&mut self.sleep).poll(context);
        if polled.is_pending() {
            context.waker().wake_by_ref();
        }
        polled
    }
}

/// A stream that looks again and again whether there is an item.
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
    /// `wake_by_ref` before `Pending`.
    wakes_itself_in_each_poll: [BusyWake], check(|| Impatient(soon()));
    /// Yields until it is time.
    yields_without_end: [BusyWake], check(|| yields_until(soon()));
    /// Belt and braces.
    waits_and_wakes_itself: [BusyWake], check(|| Belt { sleep: dormouse::sleep(Duration::from_millis(20)) });
    /// A stream.
    stream_that_wakes_itself: [BusyWake], check_stream(|| Ticks(soon()));
}
