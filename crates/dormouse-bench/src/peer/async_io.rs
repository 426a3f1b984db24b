//! async-io's timers, which smol and async-std use.

use super::Peer;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

pub(crate) struct AsyncIo;

/// An `async_io::Timer` that returns nothing.
pub(crate) struct Timer(async_io::Timer);

impl Peer for AsyncIo {
    type Sleep = Timer;

    fn start() -> Result<Self, String> {
        Ok(AsyncIo)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        async_io::block_on(future)
    }

    fn sleep(duration: Duration) -> Timer {
        Timer(async_io::Timer::after(duration))
    }

    fn reset(mut sleep: Pin<&mut Timer>, duration: Duration) -> bool {
        sleep.0.set_at(Instant::now() + duration);
        true
    }
}

impl Future for Timer {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.0).poll(cx).map(drop)
    }
}
