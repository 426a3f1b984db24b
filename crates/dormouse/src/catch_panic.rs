//! Calls to code of the program (wakers), and probes of other executors, that must not unwind into this crate.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::task::Waker;

/// Runs `call`. A panic is reported by the panic hook, and does not reach the caller.
pub(crate) fn catch_panic(call: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(call)) else { return };
    // Dropping the payload may panic too, and so may dropping the payload of that second panic: leak it.
    if let Err(second) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(second);
    }
}

/// Calls a waker. A panic of the waker does not reach the caller, which can go on to wake other tasks.
pub(crate) fn wake(waker: Waker) {
    catch_panic(|| waker.wake());
}
