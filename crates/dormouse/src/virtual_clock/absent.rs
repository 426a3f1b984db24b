//! `virtual_clock` without the feature `test-util`: no code is ever in virtual time.

use crate::clock::ClockId;
use std::task::{Poll, Waker};
use std::time::Duration;

#[inline]
pub(crate) fn now_ns(_: ClockId) -> Option<u64> {
    None
}

/// An operation that retries, in real time. Zero-sized.
#[derive(Debug)]
pub(crate) struct Retrying;

impl Retrying {
    #[inline]
    pub(crate) fn begin() -> Retrying {
        Retrying
    }

    #[inline]
    pub(crate) fn note_attempt(&self) -> Option<Duration> {
        None
    }
}

/// The timer slot of a sleep in real time. Zero-sized.
#[derive(Debug)]
pub(crate) struct TimerSlot;

impl TimerSlot {
    pub(crate) const NONE: TimerSlot = TimerSlot;

    #[inline]
    pub(crate) fn new(_: ClockId) -> TimerSlot {
        TimerSlot
    }

    #[inline]
    pub(crate) fn now_ns(&self, _: ClockId) -> Option<u64> {
        None
    }

    #[inline]
    pub(crate) fn poll(&mut self, _deadline: u64, _fires_at: u64, _: &Waker) -> Option<Poll<()>> {
        None
    }

    #[inline]
    pub(crate) fn reset(&mut self, _fires_at: u64) -> bool {
        false
    }

    #[inline]
    pub(crate) fn set_alarm(&mut self, _at: u64) -> bool {
        false
    }
}
