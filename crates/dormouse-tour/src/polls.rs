//! Counts how often a future is polled because of its own wake-ups.
//!
//! A sleep needs two polls: one registers the waker, one finds the sleep expired. More mean a busy
//! loop. A task is also polled for other reasons: a `join!` polls all its futures whenever one of them is woken, and an
//! executor may poll without a wake-up. Such polls must not be counted, so the future gets a separate waker, and is
//! polled again only after that waker was called.

use futures::task::AtomicWaker;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};

/// Waits for a future. Returns the number of its polls.
pub(crate) struct CountPolls<F> {
    future: F,
    polls: u32,
    waker: Arc<SeparateWaker>,
}

struct SeparateWaker {
    called: AtomicBool,
    task: AtomicWaker,
}

impl<F> CountPolls<F> {
    pub(crate) fn new(future: F) -> CountPolls<F> {
        // The first poll is always due.
        let waker = SeparateWaker { called: AtomicBool::new(true), task: AtomicWaker::new() };
        CountPolls { future, polls: 0, waker: Arc::new(waker) }
    }
}

impl<F: Future<Output = ()> + Unpin> Future for CountPolls<F> {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<u32> {
        let this = &mut *self;
        // Before the flag is read: a wake-up in between then wakes the task again.
        this.waker.task.register(cx.waker());
        if !this.waker.called.swap(false, Ordering::AcqRel) {
            return Poll::Pending;
        }
        this.polls += 1;
        let waker = Waker::from(this.waker.clone());
        let polled = Pin::new(&mut this.future).poll(&mut Context::from_waker(&waker));
        polled.map(|()| this.polls)
    }
}

impl Wake for SeparateWaker {
    fn wake(self: Arc<Self>) {
        self.called.store(true, Ordering::Release);
        self.task.wake();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures::{FutureExt, executor, future, join};

    #[test]
    fn each_poll_of_a_busy_loop_is_counted() {
        let mut left = 5;
        let busy = future::poll_fn(|cx| {
            left -= 1;
            cx.waker().wake_by_ref();
            if left == 0 { Poll::Ready(()) } else { Poll::Pending }
        });
        assert_eq!(executor::block_on(CountPolls::new(busy)), 5);
    }

    #[test]
    fn polls_caused_by_other_futures_are_not_counted() {
        let (done, wait) = futures::channel::oneshot::channel::<()>();
        let noisy = async {
            for _ in 0..5 {
                yield_now().await;
            }
            drop(done);
        };
        let counted = CountPolls::new(wait.map(drop));
        assert_eq!(executor::block_on(async { join!(counted, noisy).0 }), 2);
    }

    async fn yield_now() {
        let mut yielded = false;
        future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            if std::mem::replace(&mut yielded, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}
