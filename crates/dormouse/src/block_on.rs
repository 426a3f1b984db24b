//! The smallest executor: one future, the calling thread.

use crate::context::InBlockOn;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

/// Runs a future to its end on the calling thread, which sleeps while the future waits.
///
/// For programs and tests that have no executor. What the future waits for is watched by the builtin
/// reactor, or by async-io with the feature `smol`; never by a tokio runtime, since this thread may be
/// the one that drives it.
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
    let parker = Arc::new(Parker { thread: std::thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(parker.clone());
    let cx = &mut Context::from_waker(&waker);
    let _context = InBlockOn::enter();
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(cx) {
            return output;
        }
        // `park` may return for no reason, or for somebody else's `unpark`.
        while !parker.woken.swap(false, Ordering::Acquire) {
            std::thread::park();
        }
    }
}

struct Parker {
    thread: Thread,
    woken: AtomicBool,
}

impl Wake for Parker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        if !self.woken.swap(true, Ordering::Release) {
            self.thread.unpark();
        }
    }
}
