//! Whether the caller is polled by tokio, or by another executor inside `Runtime::enter`.
//!
//! It matters for current-thread runtimes: inside `Runtime::enter`, there may be no thread that runs such a
//! runtime, and then its reactor wakes no task.

use std::cell::Cell;
use std::ptr::{self, null};
use std::task::{Context, Poll, RawWakerVTable, Waker};
use tokio::task::coop::{has_budget_remaining, poll_proceed};

thread_local! {
    /// The last waker with which tokio has polled, on this thread, a future that is not a task (as in `block_on`).
    static KNOWN: Cell<(*const (), *const RawWakerVTable)> = const { Cell::new((null(), null())) };
}

/// Whether the tokio runtime that the caller is inside polls it, with `waker`.
#[inline]
pub(super) fn is_polled_by_tokio(waker: &Waker) -> bool {
    // A spawned task has an id. The future of `block_on` has none.
    if tokio::task::try_id().is_some() {
        return true;
    }
    let known = (waker.data(), ptr::from_ref(waker.vtable()));
    if KNOWN.try_with(Cell::get).is_ok_and(|last| last == known) {
        return true;
    }
    let has_budget = has_finite_budget();
    if has_budget {
        let _ = KNOWN.try_with(|last| last.set(known));
    }
    has_budget
}

/// Whether the thread has a coop budget, which it has exactly while tokio polls. tokio does not report the budget, so
/// it is used up and given back.
#[cold]
fn has_finite_budget() -> bool {
    /// More than any budget: tokio stores it in a u8.
    const MORE_THAN_ANY_BUDGET: usize = 256;
    let cx = &mut Context::from_waker(Waker::noop());
    let Poll::Ready(first) = poll_proceed(cx) else { return true };
    for _ in 1..MORE_THAN_ANY_BUDGET {
        if !has_budget_remaining() {
            break;
        }
        if let Poll::Ready(one) = poll_proceed(cx) {
            one.made_progress();
        }
    }
    let is_finite = !has_budget_remaining();
    // Restores the budget to what it was before `first`.
    drop(first);
    is_finite
}
