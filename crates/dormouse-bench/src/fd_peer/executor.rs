//! Executors, as W7 and W11 use them: they run several futures concurrently.
//!
//! Where the executor has tasks, each future is a task. A plain `block_on` has none; there, all futures share a
//! `FuturesUnordered`, which polls only the futures that were woken.

mod local;

pub(crate) use local::LocalTasks;

use crate::peer::runtime::Flavor;
use async_executor::Executor as Tasks;
use futures_channel::oneshot;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::marker::PhantomData;
use std::sync::Arc;
use tokio::runtime::Runtime;

/// A started executor.
pub(crate) trait Executor: Sized + Send + 'static {
    /// Whether tasks run on several threads.
    const MULTI_THREAD: bool = false;

    fn start() -> Result<Self, String>;

    /// Runs futures concurrently, until all have completed.
    fn run_all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static;
}

async fn join<F: Future<Output = ()>>(futures: Vec<F>) {
    futures.into_iter().collect::<FuturesUnordered<_>>().collect::<()>().await;
}

/// Not `unconstrained`, unlike the timers: each future waits before it could exhaust tokio's coop budget, and
/// accounting for the budget is part of the cost of an fd in tokio.
pub(crate) struct OnTokio<K>(Runtime, PhantomData<K>);

impl<K: Flavor> Executor for OnTokio<K> {
    const MULTI_THREAD: bool = K::MULTI_THREAD;

    fn start() -> Result<Self, String> {
        Ok(OnTokio(K::build()?, PhantomData))
    }

    fn run_all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let tasks: Vec<_> = futures.into_iter().map(|future| self.0.spawn(future)).collect();
        for result in self.0.block_on(join_all(tasks)) {
            result.expect("a task panicked");
        }
    }
}

/// A function `block_on`.
pub(crate) trait BlockOn: Send + 'static {
    fn block_on<F: Future>(future: F) -> F::Output;
}

pub(crate) struct AsyncIoBlockOn;

impl BlockOn for AsyncIoBlockOn {
    fn block_on<F: Future>(future: F) -> F::Output {
        async_io::block_on(future)
    }
}

pub(crate) struct DormouseBlockOn;

impl BlockOn for DormouseBlockOn {
    fn block_on<F: Future>(future: F) -> F::Output {
        dormouse::block_on(future)
    }
}

/// Polls no reactor, so a reactor needs a thread of its own.
pub(crate) struct FuturesBlockOn;

impl BlockOn for FuturesBlockOn {
    fn block_on<F: Future>(future: F) -> F::Output {
        futures_executor::block_on(future)
    }
}

/// A `block_on` without an executor.
pub(crate) struct OneThread<B>(PhantomData<B>);

impl<B: BlockOn> Executor for OneThread<B> {
    fn start() -> Result<Self, String> {
        Ok(OneThread(PhantomData))
    }

    fn run_all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        B::block_on(join(futures));
    }
}

/// async-executor on two threads, like smol's global executor with `SMOL_THREADS=2`.
pub(crate) struct TwoThreads<B>(PhantomData<B>);

impl<B: BlockOn> Executor for TwoThreads<B> {
    const MULTI_THREAD: bool = true;

    fn start() -> Result<Self, String> {
        Ok(TwoThreads(PhantomData))
    }

    fn run_all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let tasks = Arc::new(Tasks::new());
        let spawned: Vec<_> = futures.into_iter().map(|future| tasks.spawn(future)).collect();
        let (stop, stopped) = oneshot::channel::<()>();
        std::thread::scope(|scope| {
            scope.spawn(|| B::block_on(tasks.run(stopped)));
            B::block_on(tasks.run(join_all(spawned)));
            drop(stop);
        });
    }
}
