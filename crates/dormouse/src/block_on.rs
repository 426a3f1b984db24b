//! The smallest executor: one future, the calling thread.

use crate::context::{Context as BlockOnContext, InBlockOn};
use crate::reactor::{Parker, PollerRole};
use crate::sync::thread::{self, Thread};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Runs a future to its end on the calling thread, which sleeps while the future waits.
///
/// For programs and tests that have no executor. What the future waits for is watched by the builtin
/// reactor, or by async-io with the feature `smol`; never by a tokio runtime, since this thread may be
/// the one that drives it. While it sleeps, the builtin reactor's events come to this thread, so that no other
/// is in between. That holds for one of the threads in `block_on`, and only in a program where nobody else waits
/// for that reactor's events; otherwise its own thread serves.
///
/// ```
/// use std::time::Duration;
///
/// let answer = dormouse::block_on(async {
///     dormouse::sleep(Duration::from_millis(1)).await;
///     42
/// });
/// assert_eq!(answer, 42);
/// ```
///
/// Called inside a task of another executor, or inside itself, it works, but holds up the thread, as
/// anything that blocks does.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(future.into_future());
    let thread_waker = Arc::new(ThreadWaker { thread: thread::current(), parker: Parker::new() });
    let waker = Waker::from(thread_waker.clone());
    let cx = &mut Context::from_waker(&waker);
    let mut role = PollerRole::new();
    let _context = InBlockOn::enter(BlockOnContext::BlockOn);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
        role.wait(&thread_waker.parker);
    }
}

struct ThreadWaker {
    thread: Thread,
    parker: Parker,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.parker.notify(&self.thread);
    }
}
