//! futures-timer: one thread with a heap of deadlines.

use super::Peer;
use futures_timer::Delay;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

pub(crate) struct FuturesTimer;

impl Peer for FuturesTimer {
    type Sleep = Delay;

    fn start() -> Result<Self, String> {
        Ok(FuturesTimer)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        futures_executor::block_on(future)
    }

    fn sleep(duration: Duration) -> Delay {
        Delay::new(duration)
    }

    fn reset(mut sleep: Pin<&mut Delay>, duration: Duration) -> bool {
        sleep.reset(duration);
        true
    }
}
