//! zruntime: a runtime of tasks, timers and sockets for one thread.

use super::thread_runtime::{ThreadRuntime, current, leak};
use super::{Peer, SpawnLocal};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use zruntime::{LocalRuntime, Sleep};

thread_local! {
    static RUNTIME: ThreadRuntime<LocalRuntime> = leak(LocalRuntime::new());
}

/// The runtime of the calling thread.
pub(crate) fn runtime() -> &'static LocalRuntime {
    current(&RUNTIME)
}

pub(crate) struct Zruntime;

impl Peer for Zruntime {
    type Sleep = Sleep;

    fn start() -> Result<Self, String> {
        RUNTIME.with(Clone::clone).map(|_| Zruntime)
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        runtime().block_on(future)
    }

    fn sleep(duration: Duration) -> Sleep {
        runtime().sleep(duration)
    }

    fn reset(mut sleep: Pin<&mut Sleep>, duration: Duration) -> bool {
        sleep.reset_after(duration);
        true
    }

    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        let timeout = runtime().timeout(duration, future);
        async { timeout.await.is_ok() }
    }
}

impl SpawnLocal for Zruntime {
    fn spawn_local<F: Future<Output = ()> + 'static>(future: F) -> impl Future<Output = ()> {
        let task = zruntime::spawn_local(future);
        async { task.await.expect("a task panicked") }
    }
}
