//! In place of `stats/counters.rs` without the feature `stats`: nothing is counted. All types are zero-sized.

use crate::system_clock::ClockId;

#[derive(Debug)]
pub(crate) struct Count;

impl Count {
    pub(crate) const ZERO: Count = Count;

    #[inline]
    pub(crate) fn increment(&mut self) {}
}

#[derive(Debug)]
pub(crate) struct QueueCounters;

impl QueueCounters {
    pub(crate) const fn new() -> QueueCounters {
        QueueCounters
    }

    #[inline]
    pub(crate) fn started(&self, _: ClockId) {}

    #[inline]
    pub(crate) fn woken(&self, _: ClockId, _now: u64, _deadlines: impl Iterator<Item = u64>) {}

    #[inline]
    pub(crate) fn cancelled(&self, _timers: usize) {}
}

#[derive(Debug)]
pub(crate) struct CountedFd;

impl CountedFd {
    pub(crate) const NONE: CountedFd = CountedFd;

    #[inline]
    pub(crate) fn new(_reactor: &'static str) -> CountedFd {
        CountedFd
    }
}

const _: () = assert!(size_of::<(Count, QueueCounters, CountedFd)>() == 0);
