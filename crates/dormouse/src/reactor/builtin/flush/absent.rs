//! In place of `flush.rs` without the feature `test-util`: no flush is ever requested.

#[inline(always)]
pub(super) fn note_waiter() {}

pub(super) struct Turn;

impl Turn {
    #[inline(always)]
    pub(super) fn begin() -> Turn {
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
    pub(super) fn begin() -> PollerGuard {
        PollerGuard
    }
}
