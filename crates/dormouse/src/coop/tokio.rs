//! tokio's coop budget of the task that this thread polls. Outside of tasks, and in `tokio::task::unconstrained`, it is
//! unlimited.

pub(super) use tokio::task::coop::has_budget_remaining;

use std::task::{Context, Poll, Waker};
use tokio::task::coop::poll_proceed;

#[inline]
pub(super) fn spend() {
    // `poll_proceed` stores the waker if the budget is spent.
    if has_budget_remaining() {
        if let Poll::Ready(one) = poll_proceed(&mut Context::from_waker(Waker::noop())) {
            one.made_progress();
        }
    }
}
