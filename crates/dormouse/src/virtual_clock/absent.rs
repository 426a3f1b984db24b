//! `virtual_clock` without the feature `test-util`: no code is ever in virtual time, or follows a
//! paused clock.

use crate::system_clock::ClockId;
use std::future::Future;
use std::task::{Poll, Waker};

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
    pub(crate) fn is_in_virtual_time(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) async fn pause(&self, sleep: impl Future<Output = ()>) {
        sleep.await;
    }
}

/// What virtual time waits for. Zero-sized.
#[cfg(any(feature = "dns", all(feature = "process", windows)))]
#[derive(Debug)]
pub(crate) struct BusyGuard;

#[cfg(any(feature = "dns", all(feature = "process", windows)))]
impl BusyGuard {
    #[inline]
    pub(crate) fn begin() -> BusyGuard {
        BusyGuard
    }
}

/// The timer slot of a sleep in real time. Zero-sized.
#[derive(Debug)]
pub(crate) struct TimerSlot;

impl TimerSlot {
    pub(crate) const REAL: TimerSlot = TimerSlot;

    #[inline]
    pub(crate) fn new(_: ClockId) -> TimerSlot {
        TimerSlot
    }

    #[inline]
    pub(crate) fn now_ns(&self, _: ClockId) -> Option<u64> {
        None
    }

    #[inline]
    pub(crate) fn poll(
        &mut self,
        _: ClockId,
        _deadline: u64,
        _fires_at: u64,
        _: &Waker,
    ) -> Option<Poll<()>> {
        None
    }

    #[inline]
    pub(crate) fn registered(&mut self, _: ClockId, _fires_at: u64, _: &Waker) {}

    #[inline]
    pub(crate) fn completed(&mut self) {}

    #[inline]
    pub(crate) fn reset(&mut self, _fires_at: u64) -> bool {
        false
    }

    #[inline]
    pub(crate) fn set_alarm(&mut self, _at: u64) -> bool {
        false
    }
}
