//! Thread-per-core executors.

use super::Executor;
use crate::peer::local::SpawnLocal;
use futures_util::future::join_all;
use std::future::Future;

/// The tasks of an executor of one thread.
pub(crate) struct LocalTasks<P>(P);

impl<P: SpawnLocal> Executor for LocalTasks<P> {
    fn start() -> Result<Self, String> {
        P::start().map(LocalTasks)
    }

    fn run_all<F>(&self, futures: Vec<F>)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.0.block_on(async {
            let tasks: Vec<_> = futures.into_iter().map(P::spawn_local).collect();
            join_all(tasks).await;
        });
    }
}
