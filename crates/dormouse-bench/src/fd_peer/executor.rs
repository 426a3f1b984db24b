//! Executors, as W7 uses them: they run several futures at once.
//!
//! Where there are tasks, each future is one. A `block_on` has none; there all futures share a
//! `FuturesUnordered`, which polls those alone that were woken.

use crate::peer::Flavor;
use async_executor::Executor as Tasks;
use futures_channel::oneshot;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// An executor that is ready to run.
pub(crate) trait Executor: Sized + Send + 'static {
    /// Whether it spreads tasks over threads by itself.
    const SPREADS: bool = false;

    fn start() -> Result<Self, String>;

    /// Runs futures at once, to the end of the last one.
    fn all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static;
}

async fn joined<F: Future<Output = ()>>(futures: Vec<F>) {
    futures.into_iter().collect::<FuturesUnordered<_>>().collect::<()>().await;
}

/// Not `unconstrained`, unlike the timers: every future here waits before it could use up tokio's
/// budget, and keeping the budget is part of what tokio's users pay.
pub(super) struct OnTokio<K>(Runtime, PhantomData<K>);

impl<K: Flavor> Executor for OnTokio<K> {
    const SPREADS: bool = K::SPREADS;

    fn start() -> Result<Self, String> {
        Ok(OnTokio(K::runtime()?, PhantomData))
    }

    fn all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let tasks: Vec<_> = futures.into_iter().map(|future| self.0.spawn(future)).collect();
        for done in self.0.block_on(join_all(tasks)) {
            done.expect("a task of w7 panicked");
        }
    }
}

pub(super) struct AsyncIoBlockOn;

impl Executor for AsyncIoBlockOn {
    fn start() -> Result<Self, String> {
        Ok(AsyncIoBlockOn)
    }

    fn all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        async_io::block_on(joined(futures));
    }
}

pub(super) struct DormouseBlockOn;

impl Executor for DormouseBlockOn {
    fn start() -> Result<Self, String> {
        Ok(DormouseBlockOn)
    }

    fn all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        dormouse::block_on(joined(futures));
    }
}

/// async-executor on two threads, as smol's global executor is with `SMOL_THREADS=2`.
pub(super) struct TwoThreads;

impl Executor for TwoThreads {
    const SPREADS: bool = true;

    fn start() -> Result<Self, String> {
        Ok(TwoThreads)
    }

    fn all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let tasks = Arc::new(Tasks::new());
        let spawned: Vec<_> = futures.into_iter().map(|future| tasks.spawn(future)).collect();
        let (done, over) = oneshot::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(|| async_io::block_on(tasks.run(over)));
            async_io::block_on(tasks.run(join_all(spawned)));
            drop(done);
        });
    }
}
