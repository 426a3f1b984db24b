//! Operations that retry in real time, because no event reports that their peer is ready.
//!
//! # Invariants
//! - Time does not advance during the first second of real time, so a peer in real time has that long. Meanwhile the
//!   operation retries without a pause, as time stands still.
//! - After that, time advances only when the operation has made an attempt, and has failed, since anything else was busy.
//!   So what a task does at a deadline is seen by an attempt before time advances further.
//! - A pause wakes the task to recheck, which does not make it busy. If it did, the attempt would never be the last.

use super::{Recheck, Shared, current};
use crate::sync::lock;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// An operation that retries in real time. Does nothing if it began outside of virtual time.
#[derive(Debug)]
pub(crate) struct Retrying(Option<InVirtualTime>);

#[derive(Debug)]
struct InVirtualTime {
    time: Arc<Shared>,
    number: u64,
}

impl Retrying {
    /// In the virtual time that the caller is in, if any. Called when the first attempt has failed.
    pub(crate) fn begin() -> Retrying {
        Retrying(current::current().map(|time| {
            let number = lock(&time.clocks).busy.add_retrying();
            InVirtualTime { time, number }
        }))
    }

    pub(crate) fn is_in_virtual_time(&self) -> bool {
        self.0.is_some()
    }

    /// Called after an attempt that has failed, and before the next. `sleep` is a sleep in real time.
    pub(crate) async fn pause(&self, mut sleep: impl Future<Output = ()> + Unpin) {
        let Some(this) = &self.0 else { return sleep.await };
        let is_new = lock(&this.time.clocks).busy.end_attempt(this.number);
        if is_new {
            yield_to_others().await;
        } else {
            poll_fn(|cx| {
                let waker = Recheck::Retry.waker(cx.waker());
                Pin::new(&mut sleep).poll(&mut Context::from_waker(&waker))
            })
            .await;
        }
        lock(&this.time.clocks).busy.begin_attempt(this.number);
    }
}

impl Drop for InVirtualTime {
    fn drop(&mut self) {
        lock(&self.time.clocks).busy.remove_retrying(self.number);
    }
}

/// Yields to the executor and to other threads.
async fn yield_to_others() {
    let mut yielded = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut yielded, true) {
            return Poll::Ready(());
        }
        std::thread::yield_now();
        Recheck::Retry.wake(cx.waker());
        Poll::Pending
    })
    .await;
}
