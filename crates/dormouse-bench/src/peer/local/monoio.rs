//! monoio: tokio's former wheel, with ticks of a millisecond, for one thread.

use super::{Made, current, made};
use crate::peer::Peer;
use crate::workload::{self, Case, Outcome};
use monoio::time::{Instant, Sleep, TimeDriver};
use monoio::{FusionDriver, FusionRuntime, IoUringDriver, LegacyDriver, RuntimeBuilder};
use std::cell::RefCell;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

type Runtime = FusionRuntime<TimeDriver<IoUringDriver>, TimeDriver<LegacyDriver>>;

thread_local! {
    static RUNTIME: Made<RefCell<Runtime>> = made(
        RuntimeBuilder::<FusionDriver>::new().enable_timer().build().map(RefCell::new),
    );
}

struct Monoio;

pub(super) fn measure(case: &Case) -> Result<Outcome, String> {
    workload::measure::<Monoio>(case)
}

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
