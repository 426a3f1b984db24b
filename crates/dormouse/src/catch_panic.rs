//! The one way in which this crate calls code of strangers, which wakers are.

use std::panic::{AssertUnwindSafe, catch_unwind};

/// If it panics, the panic hook has reported it, and the caller goes on.
pub(crate) fn catch_panic(call: impl FnOnce()) {
    let Err(panic) = catch_unwind(AssertUnwindSafe(call)) else { return };
    // Dropping what it panicked with may panic again, and dropping that too: there it ends.
    if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(panic))) {
        std::mem::forget(again);
    }
}
