//! The thread pool of futures-rs, for futures that may move between its threads and for such that may not.

use super::Local;
use futures::executor::{self, ThreadPool};
use futures::task::SpawnExt;
use std::future::poll_fn;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

/// Two threads are enough to move a task from one to another.
fn pool() -> ThreadPool {
    ThreadPool::builder().pool_size(2).create().expect("a thread pool can be started")
}

/// Runs the future on the threads of a pool; this one waits.
pub(crate) fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let task = pool().spawn_with_handle(future).expect("the pool has just been started");
    executor::block_on(task)
}

/// Runs the future on this thread, in turns that a pool decides on: a task of the pool stands for it, whose waker
/// the future is given, and each poll of that task is a poll of the future.
pub(super) fn block_on(mut future: Local) {
    let (begin, turns) = mpsc::channel::<Waker>();
    let (end, over) = mpsc::channel::<Poll<()>>();
    let pool = pool();
    pool.spawn_ok(poll_fn(move |context| {
        let _ = begin.send(context.waker().clone());
        // Nobody there any more: the future has panicked.
        over.recv().unwrap_or(Poll::Ready(()))
    }));
    for waker in turns {
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        drop(waker);
        let _ = end.send(polled);
        if polled.is_ready() {
            return;
        }
    }
}
