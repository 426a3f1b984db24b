//! compio: a map by deadline. A sleep is in it from when it is made; its first poll adds the waker.
//!
//! There is no reset.

use super::{Made, current, made};
use crate::peer::Peer;
use crate::workload::{self, Case, Outcome};
use compio_runtime::Runtime;
use compio_runtime::time::Sleep;
use std::future::Future;
use std::time::Duration;

thread_local! {
    static RUNTIME: Made<Runtime> = made(Runtime::new());
}

struct Compio;

pub(super) fn measure(case: &Case) -> Result<Outcome, String> {
    workload::measure::<Compio>(case)
}

impl Peer for Compio {
    type Sleep = Sleep;

    fn start() -> Result<Self, String> {
        RUNTIME.with(Clone::clone).map(|_| Compio)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        current(&RUNTIME).block_on(future)
    }

    fn sleep(duration: Duration) -> Sleep {
        compio_runtime::time::sleep(duration)
    }

    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        let timeout = compio_runtime::time::timeout(duration, future);
        async { timeout.await.is_ok() }
    }
}
