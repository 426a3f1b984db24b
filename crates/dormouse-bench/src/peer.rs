//! What is compared: a timer, on the executor it is used with. Knows no workload.
//!
//! Workloads are generic over [`Peer`], so that no measurement pays for dynamic dispatch. What a timer lacks
//! has a default here: a reset reports that there is none, and a timeout races the future against a sleep.

pub(crate) mod async_io;
pub(crate) mod bare;
pub(crate) mod dormouse;
pub(crate) mod futures_timer;
pub(crate) mod local;
pub(crate) mod runtime;
pub(crate) mod thread;
pub(crate) mod timerfd;
pub(crate) mod tokio;

use pin_project_lite::pin_project;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// A timer, and a started executor.
pub(crate) trait Peer: Sized + Send + Sync + 'static {
    type Sleep: Future<Output = ()> + 'static;

    /// Starts the executor, or returns the reason why it cannot be measured here.
    fn start() -> Result<Self, String>;

    /// Runs a future on the calling thread.
    fn block_on<F: Future>(&self, future: F) -> F::Output;

    fn sleep(duration: Duration) -> Self::Sleep;

    /// Moves the deadline to `duration` from now. Returns false if the timer has no reset.
    fn reset(_sleep: Pin<&mut Self::Sleep>, _duration: Duration) -> bool {
        false
    }

    /// Returns true if `future` completed in time.
    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        Race { future, sleep: Self::sleep(duration) }
    }

    /// The maximum number of pending sleeps, and its reason.
    fn max_pending() -> Option<(u64, &'static str)> {
        None
    }

    /// The maximum number of pending sleeps that share one waker, and its reason.
    fn max_per_waker() -> Option<(u64, &'static str)> {
        None
    }
}

/// A peer whose executor spawns tasks. The sleeps of thread-per-core executors cannot be sent to another thread,
/// so these peers do not implement it.
pub(crate) trait Spawn: Peer {
    /// Runs a future as a task, until it completes.
    fn spawn<F>(&self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static;
}

pin_project! {
    /// A timeout for timers that provide none.
    struct Race<F, S> {
        #[pin]
        future: F,
        #[pin]
        sleep: S,
    }
}

impl<F: Future, S: Future> Future for Race<F, S> {
    type Output = bool;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<bool> {
        let this = self.project();
        if this.future.poll(cx).is_ready() {
            return Poll::Ready(true);
        }
        this.sleep.poll(cx).map(|_| false)
    }
}
