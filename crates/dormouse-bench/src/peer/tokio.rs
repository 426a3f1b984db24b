//! tokio's own timers.
//!
//! All futures run `unconstrained`. Under tokio's coop budget, once a task has polled 128 sleeps, further polls
//! return Pending without registering the timer; a workload would measure less than it claims.

use super::runtime::{self, Flavor};
use super::{Peer, Spawn};
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::task::unconstrained;
use tokio::time::{Instant, Sleep};

pub(crate) struct Tokio<K>(Runtime, PhantomData<K>);

impl<K: Flavor> Peer for Tokio<K> {
    type Sleep = Sleep;

    fn start() -> Result<Self, String> {
        Ok(Tokio(K::build()?, PhantomData))
    }

    fn block_on<F: Future>(&self, future: F) -> F::Output {
        self.0.block_on(unconstrained(future))
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

impl<K: Flavor> Spawn for Tokio<K> {
    fn spawn<F>(&self, future: F) -> F::Output
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        runtime::spawn(&self.0, future)
    }
}
