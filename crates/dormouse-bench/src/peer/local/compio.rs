//! compio: a map by deadline. Creating a sleep inserts it; its first poll stores the waker.
//!
//! It has no reset.

use super::SpawnLocal;
use super::thread_runtime::{ThreadRuntime, current, leak};
use crate::peer::Peer;
use compio_runtime::Runtime;
use compio_runtime::time::Sleep;
use std::future::Future;
use std::time::Duration;

thread_local! {
    static RUNTIME: ThreadRuntime<Runtime> = leak(Runtime::new());
}

pub(crate) struct Compio;

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

impl SpawnLocal for Compio {
    fn spawn_local<F: Future<Output = ()> + 'static>(future: F) -> impl Future<Output = ()> {
        let task = compio_runtime::spawn(future);
        async { task.await.expect("a task panicked") }
    }
}
