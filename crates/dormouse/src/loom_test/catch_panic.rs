//! In place of `catch_panic.rs` in loom tests: a panic fails the test, or ends a thread of the mock kernel.

use std::task::Waker;

pub(crate) fn catch_panic(call: impl FnOnce()) {
    call();
}

pub(crate) fn wake(waker: Waker) {
    waker.wake();
}
