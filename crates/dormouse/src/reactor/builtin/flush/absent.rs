//! In place of `flush.rs` without the feature `test-util`: no flush is ever requested.

use super::BuiltinReactor;

pub(super) struct Flush;

impl Flush {
    pub(super) const fn new() -> Flush {
        Flush
    }

    #[inline(always)]
    pub(super) fn note_waiter(&self) {}
}

pub(super) struct Turn;

impl Turn {
    #[inline(always)]
    pub(super) fn begin(_: &BuiltinReactor) -> Turn {
        Turn
    }

    #[inline(always)]
    pub(super) fn is_requested(&self) -> bool {
        false
    }

    #[inline(always)]
    pub(super) fn end(self) {}
}

pub(super) struct PollerGuard;

impl PollerGuard {
    #[inline(always)]
    pub(super) fn begin(_: &BuiltinReactor) -> PollerGuard {
        PollerGuard
    }

    #[inline(always)]
    pub(super) fn end(self) {}
}
