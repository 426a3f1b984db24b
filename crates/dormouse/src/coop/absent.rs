//! In place of `coop/tokio.rs` without the feature `tokio`, and in loom tests: there is no limit.

use std::task::Context;

pub(super) fn has_budget_remaining() -> bool {
    true
}

pub(super) fn spend() {}

pub(super) fn defer_wake(_: &mut Context<'_>) -> bool {
    false
}
