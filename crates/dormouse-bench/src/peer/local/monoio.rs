//! monoio: tokio's former timer wheel, with ticks of 1 ms, for one thread.

use super::SpawnLocal;
use super::thread_runtime::{ThreadRuntime, current, leak};
use crate::peer::Peer;
use monoio::time::{Instant, Sleep, TimeDriver};
use monoio::{FusionDriver, FusionRuntime, IoUringDriver, LegacyDriver, RuntimeBuilder};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

type Runtime = FusionRuntime<TimeDriver<IoUringDriver>, TimeDriver<LegacyDriver>>;

thread_local! {
    static RUNTIME: ThreadRuntime<RefCell<Runtime>> = leak(
        RuntimeBuilder::<FusionDriver>::new().enable_timer().build().map(RefCell::new),
    );
}

pub(crate) struct Monoio;

impl Peer for Monoio {
    type Sleep = Sleep;

    fn start() -> Result<Self, String> {
        RUNTIME.with(Clone::clone).map(|_| Monoio)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        current(&RUNTIME).borrow_mut().block_on(future)
    }

    fn sleep(duration: Duration) -> Sleep {
        monoio::time::sleep(duration)
    }

    fn reset(sleep: Pin<&mut Sleep>, duration: Duration) -> bool {
        sleep.reset(Instant::now() + duration);
        true
    }

    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        let timeout = monoio::time::timeout(duration, future);
        async { timeout.await.is_ok() }
    }
}

impl SpawnLocal for Monoio {
    fn spawn_local<F: Future<Output = ()> + 'static>(future: F) -> impl Future<Output = ()> {
        monoio::spawn(future)
    }
}
