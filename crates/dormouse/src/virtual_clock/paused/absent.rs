//! In place of `virtual_clock/paused.rs` without the feature `tokio`: no runtime has a clock that can be paused.

use crate::system_clock::ClockId;
use std::task::{Poll, Waker};

#[derive(Debug)]
pub(crate) enum PausedTimer {}

#[inline]
pub(super) fn now_ns(_: ClockId) -> Option<u64> {
    None
}

#[inline]
pub(super) fn is_followed() -> bool {
    false
}

#[inline]
pub(super) fn poll(
    _: &mut Option<Box<PausedTimer>>,
    _: ClockId,
    _deadline: u64,
    _fires_at: u64,
    _: &Waker,
) -> Option<Poll<()>> {
    None
}

#[inline]
pub(super) fn register(_: &mut Option<Box<PausedTimer>>, _: ClockId, _fires_at: u64, _: &Waker) {}

#[inline]
pub(super) fn reset(_: &mut Option<Box<PausedTimer>>, _fires_at: u64) {}
