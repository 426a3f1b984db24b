//! The tokio runtimes that peers run on.

use std::future::Future;
use tokio::runtime::{Builder, Runtime};
use tokio::task::unconstrained;

/// Runs a future as a task. The future of `block_on` itself would be woken by a system call each time; tasks
/// are not.
pub(super) fn spawn<F>(runtime: &Runtime, future: F) -> F::Output
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    let task = runtime.spawn(unconstrained(future));
    runtime.block_on(task).expect("a workload panicked")
}

/// A kind of runtime.
pub(crate) trait Flavor: Send + Sync + 'static {
    /// Whether tasks run on several threads.
    const MULTI_THREAD: bool;

    fn build() -> Result<Runtime, String>;
}

pub(crate) struct CurrentThread;

impl Flavor for CurrentThread {
    const MULTI_THREAD: bool = false;

    fn build() -> Result<Runtime, String> {
        Builder::new_current_thread().enable_all().build().map_err(|err| err.to_string())
    }
}

/// Two workers.
pub(crate) struct MultiThread;

impl Flavor for MultiThread {
    const MULTI_THREAD: bool = true;

    fn build() -> Result<Runtime, String> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().map_err(|err| err.to_string())
    }
}

/// Two workers with tokio's alternative timer, which is unstable: one wheel per worker.
///
/// It is designed for tasks, which W3, W4, W6 and W8 use. In W1, W2 and W5 the calling thread is no worker, so
/// each sleep passes through a queue that all workers share, and wakes a parked worker.
pub(crate) struct AltTimer;

impl Flavor for AltTimer {
    const MULTI_THREAD: bool = true;

    #[cfg(tokio_unstable)]
    fn build() -> Result<Runtime, String> {
        let mut builder = Builder::new_multi_thread();
        let builder = builder.worker_threads(2).enable_all().enable_alt_timer();
        builder.build().map_err(|err| err.to_string())
    }

    #[cfg(not(tokio_unstable))]
    fn build() -> Result<Runtime, String> {
        Err("this build has no alternative timer".into())
    }
}
