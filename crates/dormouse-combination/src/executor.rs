//! The executors: each runs tasks concurrently, on one thread if it can.

use async_executor::Executor as Tasks;
use futures_util::future::join_all;
use futures_util::stream::{FuturesUnordered, StreamExt};
use std::future::Future;
use std::io;
use std::pin::Pin;
use tokio::runtime::{Builder, Runtime};

pub(crate) type Task = Pin<Box<dyn Future<Output = io::Result<()>> + Send>>;

#[derive(Clone, Copy, Debug)]
pub(crate) enum Executor {
    TokioCurrentThread,
    TokioMultiThread,
    /// async-executor under async-io's `block_on`: what a thread of smol's global executor runs.
    Smol,
    DormouseBlockOn,
    /// An executor that dormouse has no code for.
    Futures,
}

impl Executor {
    pub(crate) fn by_name(name: &str) -> Result<Executor, String> {
        match name {
            "tokio-ct" => Ok(Executor::TokioCurrentThread),
            "tokio-mt" => Ok(Executor::TokioMultiThread),
            "smol" => Ok(Executor::Smol),
            "block_on" => Ok(Executor::DormouseBlockOn),
            "futures" => Ok(Executor::Futures),
            _ => Err(format!("unknown executor {name:?}")),
        }
    }

    /// This executor if it is a runtime of tokio, else a runtime of tokio with one thread.
    pub(crate) fn or_tokio(self) -> Executor {
        match self {
            Executor::TokioMultiThread => self,
            _ => Executor::TokioCurrentThread,
        }
    }

    /// Returns the first error of a task.
    pub(crate) fn run_all(self, tasks: Vec<Task>) -> io::Result<()> {
        let results = match self {
            Executor::TokioCurrentThread => on_tokio(Builder::new_current_thread(), tasks)?,
            Executor::TokioMultiThread => on_tokio(Builder::new_multi_thread(), tasks)?,
            Executor::Smol => {
                let executor = Tasks::new();
                let tasks: Vec<_> = tasks.into_iter().map(|task| executor.spawn(task)).collect();
                async_io::block_on(executor.run(join_all(tasks)))
            }
            Executor::DormouseBlockOn => dormouse::block_on(unordered(tasks)),
            Executor::Futures => futures_executor::block_on(unordered(tasks)),
        };
        results.into_iter().collect()
    }
}

fn on_tokio(mut builder: Builder, tasks: Vec<Task>) -> io::Result<Vec<io::Result<()>>> {
    let runtime: Runtime = builder.worker_threads(2).enable_all().build()?;
    let tasks: Vec<_> = tasks.into_iter().map(|task| runtime.spawn(task)).collect();
    let results = runtime.block_on(join_all(tasks));
    Ok(results.into_iter().map(|result| result.map_err(io::Error::other)?).collect())
}

/// The tasks of a `block_on`, which has none of its own. Polls only those that were woken.
async fn unordered(tasks: Vec<Task>) -> Vec<io::Result<()>> {
    tasks.into_iter().collect::<FuturesUnordered<_>>().collect().await
}
