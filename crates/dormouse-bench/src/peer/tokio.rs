//! tokio's own timers.
//!
//! Everything runs `unconstrained`: under its coop budget a tokio sleep says Pending without being
//! registered once a task has polled 128 of them, and a workload would measure less than it says.

mod alt;

pub(super) use alt::ENTRY as ALT;

use super::Peer;
use crate::workload::{Case, Outcome, task};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep};

/// As a task: the future of `block_on` itself is woken by a system call each time, which tasks are not.
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
    const SPREADS: bool;

    fn runtime() -> Result<Runtime, String>;
}

pub(crate) struct CurrentThread;

impl Flavor for CurrentThread {
    const SPREADS: bool = false;

    fn runtime() -> Result<Runtime, String> {
        Builder::new_current_thread().enable_all().build().map_err(|err| err.to_string())
    }
}

pub(crate) struct MultiThread;

impl Flavor for MultiThread {
    const SPREADS: bool = true;

    fn runtime() -> Result<Runtime, String> {
        let mut builder = Builder::new_multi_thread();
        builder.worker_threads(2).enable_all().build().map_err(|err| err.to_string())
    }
}

pub(super) struct Tokio<K>(Runtime, PhantomData<K>);

impl<K: Flavor> Peer for Tokio<K> {
    type Sleep = Sleep;

    fn start() -> Result<Self, String> {
        Ok(Tokio(K::runtime()?, PhantomData))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(unconstrained(future))
    }

    fn run(&self, case: &Case) -> Outcome {
        spawn(&self.0, task::<Self>(case.clone()))
    }

    fn sleep(duration: Duration) -> Sleep {
        tokio::time::sleep(duration)
    }

    fn reset(sleep: Pin<&mut Sleep>, duration: Duration) -> bool {
        sleep.reset(Instant::now() + duration);
        true
    }

    fn timeout<F: Future>(duration: Duration, future: F) -> impl Future<Output = bool> {
        let timeout = tokio::time::timeout(duration, future);
        async { timeout.await.is_ok() }
    }
}
