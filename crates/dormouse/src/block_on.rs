//! The smallest executor: one future on the calling thread.

use crate::context::InBlockOn;
use crate::coop;
use crate::reactor::{Parker, PollOrPark};
use crate::sync::thread::{self, Thread};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

/// Runs a future to completion on the calling thread, which sleeps while the future is pending.
///
/// For programs and tests that have no executor. The builtin reactor serves the file descriptors and timers of the
/// future, whatever features are on: inside a tokio runtime too, because this thread may be the one that drives it.
///
/// An `AsyncFd` that was created outside of `block_on` is not moved: with the feature `smol`, async-io still serves it. If
/// a tokio runtime serves it, another thread has to drive that runtime.
///
/// While the thread sleeps, it polls the builtin reactor itself, so no other thread has to wake it. Only one thread in
/// `block_on` polls at a time, and only in a program where no task outside `block_on` has waited for the builtin reactor,
/// and no `AsyncFd` has [moved](crate::io::AsyncFd#reactor). Otherwise the reactor's own thread polls.
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
/// Inside a task of another executor, or inside another `block_on`, it works, but blocks the thread. It has a
/// [coop budget](crate::io#coop-budget) of its own there.
pub fn block_on<F: IntoFuture>(future: F) -> F::Output {
    let mut future = pin!(coop::without_tokio_budget(future.into_future()));
    let thread_waker = Arc::new(ThreadWaker { thread: thread::current(), parker: Parker::new() });
    let waker = Waker::from(thread_waker.clone());
    let cx = &mut Context::from_waker(&waker);
    let mut poll_or_park = PollOrPark::new();
    let _context = InBlockOn::enter();
    loop {
        if let Poll::Ready(output) = coop::with_new_budget(|| future.as_mut().poll(cx)) {
            return output;
        }
        poll_or_park.wait(&thread_waker.parker);
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
        self.parker.unpark(&self.thread);
    }
}
