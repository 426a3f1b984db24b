//! How each executor runs a future.
//!
//! Nothing here tells dormouse which executor runs. dormouse selects the reactor at run time,
//! although all executors are compiled into this one program.

use crate::measured::Measured;
use crate::std_block_on;
use futures::executor::{LocalPool, ThreadPool};
use futures::future::BoxFuture;
use futures::task::{LocalSpawnExt, SpawnExt};
use std::{io, panic};
use tokio::runtime::Builder;
use tokio::task::LocalSet;

/// The future to run: `Send`, because some executors move it between threads.
type Body = BoxFuture<'static, io::Result<Measured>>;

/// An executor, by name.
#[derive(Debug)]
pub(crate) struct Executor {
    pub(crate) name: &'static str,
    /// The reactor that dormouse has to select on it.
    pub(crate) reactor: &'static str,
    pub(crate) run: fn(Body) -> io::Result<Measured>,
}

/// Every row of the tour.
pub(crate) const EXECUTORS: &[Executor] = &[
    Executor { name: "tokio multi_thread", reactor: "tokio", run: tokio_multi_thread },
    Executor { name: "tokio current_thread", reactor: "tokio", run: tokio_current_thread },
    Executor { name: "tokio LocalSet", reactor: "tokio", run: tokio_local_set },
    Executor { name: "tokio without I/O", reactor: "async-io", run: tokio_without_io },
    Executor { name: "smol", reactor: "async-io", run: smol },
    Executor { name: "async-std", reactor: "async-io", run: async_std },
    Executor { name: "async-executor", reactor: "async-io", run: async_executor },
    Executor { name: "futures block_on", reactor: "async-io", run: futures_block_on },
    Executor { name: "futures LocalPool", reactor: "async-io", run: futures_local_pool },
    Executor { name: "futures ThreadPool", reactor: "async-io", run: futures_thread_pool },
    Executor { name: "pollster", reactor: "async-io", run: pollster },
    Executor { name: "std only", reactor: "async-io", run: std_only },
    Executor { name: "dormouse::block_on", reactor: "builtin", run: dormouse_block_on },
    Executor { name: "dormouse + async-executor", reactor: "builtin", run: dormouse_with_tasks },
];

fn tokio_multi_thread(body: Body) -> io::Result<Measured> {
    let runtime = Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(runtime.spawn(body))?
}

fn tokio_current_thread(body: Body) -> io::Result<Measured> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(body)
}

fn tokio_local_set(body: Body) -> io::Result<Measured> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let local = LocalSet::new();
    let task = local.spawn_local(body);
    local.block_on(&runtime, task)?
}

/// Neither `enable_io` nor `enable_time`: tokio's own sleeps and sockets would panic here.
fn tokio_without_io(body: Body) -> io::Result<Measured> {
    hide_probe();
    let runtime = Builder::new_multi_thread().build()?;
    runtime.block_on(runtime.spawn(body))?
}

/// dormouse finds out that a runtime has no I/O by a panic of tokio, which it catches. The panic hook sees it.
fn hide_probe() {
    let print = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if !info.to_string().contains("IO is disabled") {
            print(info);
        }
    }));
}

fn smol(body: Body) -> io::Result<Measured> {
    smol::block_on(smol::spawn(body))
}

fn async_std(body: Body) -> io::Result<Measured> {
    async_std::task::block_on(async_std::task::spawn(body))
}

/// This executor is only a queue of tasks: the caller chooses the thread that runs it, and how that thread waits.
fn async_executor(body: Body) -> io::Result<Measured> {
    let executor = async_executor::Executor::new();
    let task = executor.spawn(body);
    pollster::block_on(executor.run(task))
}

fn futures_block_on(body: Body) -> io::Result<Measured> {
    futures::executor::block_on(body)
}

fn futures_local_pool(body: Body) -> io::Result<Measured> {
    let mut pool = LocalPool::new();
    let task = pool.spawner().spawn_local_with_handle(body).map_err(io::Error::other)?;
    pool.run_until(task)
}

fn futures_thread_pool(body: Body) -> io::Result<Measured> {
    let pool = ThreadPool::new()?;
    let task = pool.spawn_with_handle(body).map_err(io::Error::other)?;
    futures::executor::block_on(task)
}

fn pollster(body: Body) -> io::Result<Measured> {
    pollster::block_on(body)
}

fn std_only(body: Body) -> io::Result<Measured> {
    std_block_on::block_on(body)
}

/// Uses the builtin reactor, although the feature `smol` is on.
fn dormouse_block_on(body: Body) -> io::Result<Measured> {
    dormouse::block_on(body)
}

/// Tasks in `dormouse::block_on`. They have wakers of their own, so the builtin reactor needs a thread.
fn dormouse_with_tasks(body: Body) -> io::Result<Measured> {
    let executor = async_executor::Executor::new();
    let task = executor.spawn(body);
    dormouse::block_on(executor.run(task))
}
