//! An executor built on std alone: it parks its thread until the future's waker is called.

use super::LocalBoxFuture;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};

struct ThreadWaker {
    thread: Thread,
    /// `thread::park` may return without a wake-up, so `unpark` alone is not enough.
    woken: AtomicBool,
}

impl Wake for ThreadWaker {
    fn wake(self: Arc<ThreadWaker>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<ThreadWaker>) {
        self.woken.store(true, SeqCst);
        self.thread.unpark();
    }
}

pub(super) fn block_on(mut future: LocalBoxFuture) {
    let thread_waker =
        Arc::new(ThreadWaker { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(thread_waker.clone());
    while future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        while !thread_waker.woken.swap(false, SeqCst) {
            thread::park();
        }
    }
}
