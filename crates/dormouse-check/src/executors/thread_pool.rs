//! The thread pool of futures-rs, for `Send` futures and for others.

use super::LocalBoxFuture;
use futures::executor::{self, ThreadPool};
use futures::task::SpawnExt;
use std::future::poll_fn;
use std::sync::mpsc;
use std::task::{Context, Poll, Waker};

/// Two threads are enough for a task to move between threads.
fn pool() -> ThreadPool {
    ThreadPool::builder().pool_size(2).create().expect("failed to start a thread pool")
}

/// Runs the future on the threads of a pool and blocks this thread until it completes.
pub(crate) fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> T {
    let task = pool().spawn_with_handle(future).expect("a new pool accepts tasks");
    executor::block_on(task)
}

/// Runs the future on this thread, scheduled by a pool. The pool runs a proxy task: each poll of the proxy task
/// sends its waker to this thread, which polls the future with it and sends the result back.
pub(super) fn block_on(mut future: LocalBoxFuture) {
    let (request_poll, requests) = mpsc::channel::<Waker>();
    let (reply, results) = mpsc::channel::<Poll<()>>();
    let pool = pool();
    pool.spawn_ok(poll_fn(move |context| {
        let _ = request_poll.send(context.waker().clone());
        // `recv` fails if the future has panicked and `reply` was dropped.
        results.recv().unwrap_or(Poll::Ready(()))
    }));
    for waker in requests {
        let polled = future.as_mut().poll(&mut Context::from_waker(&waker));
        drop(waker);
        let _ = reply.send(polled);
        if polled.is_ready() {
            return;
        }
    }
}
