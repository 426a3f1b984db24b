//! In place of `coop/tokio.rs` without the feature `tokio`, and in loom tests: there is no limit.

use std::future::Future;
use std::task::Context;

pub(super) struct Unit;

impl Unit {
    pub(super) fn spend(self) {}
}

pub(super) fn take_unit() -> Option<Unit> {
    Some(Unit)
}

pub(super) fn unlimited<F: Future>(future: F) -> impl Future<Output = F::Output> {
    future
}

pub(super) fn defer_wake(_: &mut Context<'_>) -> bool {
    false
}
