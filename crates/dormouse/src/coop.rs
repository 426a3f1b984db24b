//! The coop budget: how many operations a task may complete in one poll before it has to return to its executor.
//!
//! An operation on an fd that is always ready never waits. A task that does such operations in a loop would keep its
//! executor from polling other tasks, and a `Timeout` around it from checking its deadline. So each asynchronous operation
//! that completes in its first poll, successfully or not, spends one unit of budget. One that waits returns to the
//! executor, and spends nothing. This module knows neither fds nor timers.
//!
//! There are two budgets. An operation proceeds if both have something left, and is *refused* otherwise.
//! - tokio's, which tokio sets at the start of each poll of a task. Outside of tokio it is unlimited. Within a `block_on`
//!   of this crate it is not used, and is unlimited for tokio's own operations: the task of tokio that calls `block_on`
//!   gets no new budget before that returns.
//! - This crate's, of [`BUDGET`] operations. It exists only during a poll by `block_on`, `Timeout` or `Scope`, so a future
//!   that is polled directly finds none, whatever the thread did before. `block_on` begins each poll with a new budget.
//!   `Timeout` and `Scope` are polled by others, so they share the budget of a poll that they are inside. Within a task of
//!   tokio it changes nothing: tokio's is set earlier, has the same size, and so is spent no later.
//!
//! # Invariants
//! - A refused operation is not polled, and its waker is called: at once, or by tokio after the poll where that is in time
//!   (`tokio::defer_wake`).
//! - An executor that runs inside a poll, such as another crate's `block_on`, makes progress. It polls a refused operation
//!   again at once, but gets no new budget, because the outer poll has not ended. So of the operations in a row that find
//!   the budget spent, 128 are refused, the next 128 proceed, and so on.

#[cfg_attr(any(not(feature = "tokio"), loom), path = "coop/absent.rs")]
mod tokio;

use crate::sync::thread_local;
use pin_project_lite::pin_project;
use std::cell::Cell;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

/// As in tokio.
const BUDGET: u8 = 128;

#[derive(Clone, Copy)]
struct State {
    /// How many operations are left of the budget of this crate. `None` if there is none.
    left: Option<u8>,
    /// Whether the budget is that of a `block_on` of this crate.
    in_block_on: bool,
    /// How many operations in a row have found the budget spent. It wraps around.
    found_spent: u8,
}

const NO_BUDGET: State = State { left: None, in_block_on: false, found_spent: 0 };

thread_local! {
    static STATE: Cell<State> = const { Cell::new(NO_BUDGET) };
}

pin_project! {
    /// The future returned by [`cooperative`].
    pub(crate) struct Cooperative<F> {
        #[pin]
        operation: F,
        has_waited: bool,
    }
}

/// An operation that spends one unit of budget if it is ready in its first poll, which waits for a budget.
#[inline]
pub(crate) fn cooperative<F: Future>(operation: F) -> Cooperative<F> {
    Cooperative { operation, has_waited: false }
}

impl<F: Future> Future for Cooperative<F> {
    type Output = F::Output;

    #[inline]
    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        if *this.has_waited {
            return this.operation.poll(cx);
        }
        poll_cooperative(cx, |cx| {
            let output = this.operation.poll(cx);
            *this.has_waited = output.is_pending();
            output
        })
    }
}

/// As [`cooperative`], for an operation that is not a future.
#[inline]
pub(crate) fn poll_cooperative<R>(
    cx: &mut Context<'_>,
    operation: impl FnOnce(&mut Context<'_>) -> Poll<R>,
) -> Poll<R> {
    let unit = ready!(poll_proceed(cx));
    let output = ready!(operation(cx));
    unit.spend();
    Poll::Ready(output)
}

/// One unit of budget. It is spent by `spend`, and returned if it is dropped.
struct Unit {
    tokio: Option<tokio::Unit>,
}

impl Unit {
    #[inline]
    fn spend(self) {
        if let Some(unit) = self.tokio {
            unit.spend();
        }
        let state = state();
        if let Some(left) = state.left {
            set_state(State { left: Some(left.saturating_sub(1)), ..state });
        }
    }
}

/// Takes a unit of budget. If there is none, wakes the task.
#[inline(always)]
fn poll_proceed(cx: &mut Context<'_>) -> Poll<Unit> {
    let state = state();
    if state.in_block_on && state.left != Some(0) && state.found_spent == 0 {
        return Poll::Ready(Unit { tokio: None });
    }
    poll_proceed_with(state, cx)
}

/// [`poll_proceed`] in other states than the usual one of a `block_on`.
fn poll_proceed_with(state: State, cx: &mut Context<'_>) -> Poll<Unit> {
    if state.left != Some(0) {
        let tokio = if state.in_block_on { None } else { tokio::take_unit() };
        if state.in_block_on || tokio.is_some() {
            if state.found_spent != 0 {
                set_state(State { found_spent: 0, ..state });
            }
            return Poll::Ready(Unit { tokio });
        }
    }
    poll_spent(state, cx)
}

#[cold]
fn poll_spent(state: State, cx: &mut Context<'_>) -> Poll<Unit> {
    set_state(State { found_spent: state.found_spent.wrapping_add(1), ..state });
    if state.found_spent >= 128 {
        return Poll::Ready(Unit { tokio: None });
    }
    if state.in_block_on || !tokio::defer_wake(cx) {
        cx.waker().wake_by_ref();
    }
    Poll::Pending
}

/// The future of a `block_on`. tokio's own operations in it, such as `tokio::select!`, do not use tokio's budget either.
pub(crate) fn without_tokio_budget<F: Future>(future: F) -> impl Future<Output = F::Output> {
    tokio::unlimited(future)
}

/// Calls `poll` with a new budget: for `block_on`, which polls its future until that is ready.
#[inline]
pub(crate) fn with_new_budget<R>(poll: impl FnOnce() -> R) -> R {
    struct Restore(State);

    impl Drop for Restore {
        fn drop(&mut self) {
            set_state(self.0);
        }
    }

    let _restore = Restore(state());
    set_state(State { left: Some(BUDGET), in_block_on: true, found_spent: 0 });
    poll()
}

/// Calls `poll` with a new budget, or with the present one if there is one: for a future that polls another.
#[inline]
pub(crate) fn with_budget<R>(poll: impl FnOnce() -> R) -> R {
    struct End;

    impl Drop for End {
        fn drop(&mut self) {
            // Keeps `found_spent`: an executor inside a poll by tokio may poll this future again and again.
            set_state(State { left: None, ..state() });
        }
    }

    let state = state();
    let _end = state.left.is_none().then(|| {
        set_state(State { left: Some(BUDGET), ..state });
        End
    });
    poll()
}

#[inline]
fn state() -> State {
    STATE.try_with(Cell::get).unwrap_or(NO_BUDGET)
}

#[inline]
fn set_state(state: State) {
    let _ = STATE.try_with(|current| current.set(state));
}
