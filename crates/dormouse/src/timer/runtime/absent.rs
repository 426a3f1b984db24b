//! In place of `timer/runtime.rs` without the feature `tokio`: no caller is seen inside a runtime.

use super::queue::TimerQueue;
use crate::clock::ClockId;

#[derive(Clone, Copy)]
pub(crate) struct RuntimeQueue {
    pub(crate) queue: &'static TimerQueue,
    pub(crate) epoch: u64,
}

#[inline]
pub(crate) fn current(_: ClockId) -> Option<RuntimeQueue> {
    None
}

pub(super) fn inherited() -> impl Iterator<Item = &'static TimerQueue> {
    std::iter::empty()
}

#[cfg(feature = "stats")]
pub(super) fn all() -> Option<Vec<&'static TimerQueue>> {
    None
}

#[inline]
pub(crate) fn release(_: &'static TimerQueue, _: ClockId) {}
