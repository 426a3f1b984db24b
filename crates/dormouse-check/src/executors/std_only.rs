//! An executor of nothing but std: it parks its thread until the future's waker is called.

use super::Local;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::task::{Context, Wake, Waker};
use std::thread::{self, Thread};

struct Parked {
    thread: Thread,
    /// The thread may be unparked for reasons of others.
    woken: AtomicBool,
}

impl Wake for Parked {
    fn wake(self: Arc<Parked>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Parked>) {
        self.woken.store(true, SeqCst);
        self.thread.unpark();
    }
}

pub(super) fn block_on(mut future: Local) {
    let parked = Arc::new(Parked { thread: thread::current(), woken: AtomicBool::new(false) });
    let waker = Waker::from(parked.clone());
    while future.as_mut().poll(&mut Context::from_waker(&waker)).is_pending() {
        while !parked.woken.swap(false, SeqCst) {
            thread::park();
        }
    }
}
