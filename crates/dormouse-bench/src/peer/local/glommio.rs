//! glommio: a map by deadline and another by id, on io_uring alone.

use super::{Made, current, made};
use crate::peer::Peer;
use glommio::{LocalExecutor, LocalExecutorBuilder, Placement};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

thread_local! {
    static EXECUTOR: Made<LocalExecutor> =
        made(LocalExecutorBuilder::new(Placement::Unbound).make());
}

pub(super) struct Glommio;

/// A `glommio::timer::Timer` that returns nothing.
pub(super) struct Timer(glommio::timer::Timer);

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
