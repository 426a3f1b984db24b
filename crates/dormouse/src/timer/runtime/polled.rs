//! Whether it is tokio that polls.
//!
//! Inside of `Runtime::enter`, a runtime of one thread may have nobody who runs it.

use std::cell::Cell;
use std::ptr::{self, null};
use std::task::{Context, Poll, RawWakerVTable, Waker};
use tokio::task::coop::{has_budget_remaining, poll_proceed};

thread_local! {
    /// What tokio polled last with on this thread, that is no task.
    static KNOWN: Cell<(*const (), *const RawWakerVTable)> = const { Cell::new((null(), null())) };
}

/// Whether it is a tokio runtime that polls the caller with `waker`, rather than another executor in the context of
/// one: a runtime of one thread that nobody runs wakes nobody.
#[inline]
pub(super) fn is_polled_by_tokio(waker: &Waker) -> bool {
    // A task has an id. The future of `block_on` has none.
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

/// All that tokio polls has a budget, and nothing else has. How much is left cannot be asked; so it is used up, and
/// given back.
#[cold]
fn has_finite_budget() -> bool {
    /// More than any budget has: tokio keeps them in a u8.
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
    // It gives back what all have taken.
    drop(first);
    is_finite
}
