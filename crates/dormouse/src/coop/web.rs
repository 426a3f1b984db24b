//! In place of `coop.rs` in JavaScript hosts: without fds, no operation spends budget.

#[inline]
pub(crate) fn with_budget<R>(poll: impl FnOnce() -> R) -> R {
    poll()
}
