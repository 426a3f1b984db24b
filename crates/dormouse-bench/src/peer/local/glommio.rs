//! glommio: one map by deadline and one by id, on io_uring only.

use super::thread_runtime::{ThreadRuntime, current, leak};
use crate::peer::Peer;
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

thread_local! {
    static EXECUTOR: ThreadRuntime<LocalExecutor> =
        leak(LocalExecutorBuilder::new(Placement::Unbound).make());
}

/// Slightly less than the maximum: a task counts the clones of its waker in an `i16`.
const MAX_PER_WAKER: u64 = 32_000;

pub(crate) struct Glommio;

/// A `glommio::timer::Timer` that returns nothing.
pub(crate) struct Timer(glommio::timer::Timer);

impl Peer for Glommio {
    type Sleep = Timer;

    fn start() -> Result<Self, String> {
        EXECUTOR.with(Clone::clone).map(|_| Glommio)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        current(&EXECUTOR).run(future)
    }

    fn sleep(duration: Duration) -> Timer {
        Timer(glommio::timer::Timer::new(duration))
    }

    fn reset(mut sleep: Pin<&mut Timer>, duration: Duration) -> bool {
        sleep.0.reset(duration);
        true
    }

    fn max_per_waker() -> Option<(u64, &'static str)> {
        Some((MAX_PER_WAKER, "at most 32767 sleeps in a task, which counts its wakers in 16 bits"))
    }

    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        let timeout = glommio::timer::timeout(duration, async {
            future.await;
            Ok(())
        });
        async { timeout.await.is_ok() }
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}
