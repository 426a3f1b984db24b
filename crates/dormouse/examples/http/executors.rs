//! The executors, each as a function that runs a body and gives it a `Spawner`.
//!
//! dormouse gets no parameter for the executor.

use futures::channel::mpsc;
use futures::executor::{LocalPool, ThreadPool};
use futures::future::{self, BoxFuture, Either, FutureExt, select};
use futures::stream::StreamExt;
use futures::task::{LocalSpawnExt, SpawnExt};
use std::pin::pin;
use std::sync::Arc;
use tokio::runtime;

type Task = BoxFuture<'static, ()>;

/// Spawns a future on the executor.
#[derive(Clone)]
pub(crate) struct Spawner(Arc<dyn Fn(Task) + Send + Sync>);

impl Spawner {
    fn new(spawn: impl Fn(Task) + Send + Sync + 'static) -> Spawner {
        Spawner(Arc::new(spawn))
    }
}

impl<F: Future<Output = ()> + Send + 'static> hyper::rt::Executor<F> for Spawner {
    fn execute(&self, task: F) {
        (self.0)(task.boxed());
    }
}

pub(crate) type Body<T> = Box<dyn FnOnce(Spawner) -> BoxFuture<'static, T> + Send>;

pub(crate) fn tokio_multi_thread<T: Send + 'static>(body: Body<T>) -> T {
    on_tokio(runtime::Builder::new_multi_thread().worker_threads(2).enable_all(), body)
}

pub(crate) fn tokio_current_thread<T: Send + 'static>(body: Body<T>) -> T {
    on_tokio(runtime::Builder::new_current_thread().enable_all(), body)
}

/// Neither `enable_io` nor `enable_time`: tokio's own sockets and sleeps would panic here.
pub(crate) fn tokio_without_io<T: Send + 'static>(body: Body<T>) -> T {
    on_tokio(&mut runtime::Builder::new_multi_thread(), body)
}

fn on_tokio<T: Send + 'static>(builder: &mut runtime::Builder, body: Body<T>) -> T {
    let runtime = builder.build().expect("a runtime");
    let handle = runtime.handle().clone();
    let spawner = Spawner::new(move |task| drop(handle.spawn(task)));
    runtime.block_on(runtime.spawn(body(spawner))).expect("no panic")
}

pub(crate) fn smol<T: Send + 'static>(body: Body<T>) -> T {
    let spawner = Spawner::new(|task| smol::spawn(task).detach());
    smol::block_on(smol::spawn(body(spawner)))
}

pub(crate) fn async_std<T: Send + 'static>(body: Body<T>) -> T {
    let spawner = Spawner::new(|task| drop(async_std::task::spawn(task)));
    async_std::task::block_on(async_std::task::spawn(body(spawner)))
}

pub(crate) fn futures_thread_pool<T: Send + 'static>(body: Body<T>) -> T {
    let pool = ThreadPool::builder().pool_size(2).create().expect("threads");
    let spawn = pool.clone();
    let spawner = Spawner::new(move |task| spawn.spawn_ok(task));
    let body = pool.spawn_with_handle(body(spawner)).expect("a pool that takes tasks");
    futures::executor::block_on(body)
}

/// The spawner of a `LocalPool` is not `Send`, and a [`Spawner`] is. So a channel carries the tasks to the pool.
pub(crate) fn futures_local_pool<T: Send + 'static>(body: Body<T>) -> T {
    let (spawner, tasks) = channel_spawner();
    let mut pool = LocalPool::new();
    let spawn = pool.spawner();
    let spawn_all = tasks.for_each(move |task| {
        let _ = spawn.spawn_local(task);
        future::ready(())
    });
    pool.spawner().spawn_local(spawn_all).expect("a pool that takes tasks");
    pool.run_until(body(spawner))
}

/// `block_on` runs one future. `for_each_concurrent` of the futures crate makes one future of all tasks.
pub(crate) fn block_on<T: Send + 'static>(body: Body<T>) -> T {
    let (spawner, tasks) = channel_spawner();
    let tasks = tasks.for_each_concurrent(None, |task| task);
    dormouse::block_on(async {
        match select(body(spawner), pin!(tasks)).await {
            Either::Left((output, _)) => output,
            Either::Right(((), body)) => body.await,
        }
    })
}

fn channel_spawner() -> (Spawner, mpsc::UnboundedReceiver<Task>) {
    let (sender, tasks) = mpsc::unbounded();
    // If the receiver is gone, the executor has stopped, and the task is dropped.
    (Spawner::new(move |task| drop(sender.unbounded_send(task))), tasks)
}
