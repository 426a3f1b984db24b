//! Notices that the wall clock was set.
//!
//! A timer that a step has made due was not late by what the clock shows. The timerfd reports a step too, but after the
//! kernel has expired the timers that are due by it; and the fallback does not report any. So the offset between the wall
//! clock and the boot-time clock is compared. On Linux only a step changes it, as NTP slews both clocks. Where the
//! boot-time clock is not slewed, a slew is taken for a step, and its timers are left out.

use crate::system_clock::{ClockId, OFFSET_ERROR_NS};

/// How far the wall clock is ahead of the boot-time clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Offset {
    ns: i128,
    /// The error of `ns`, since two clocks cannot be read at the same time.
    error_ns: u64,
}

impl Offset {
    pub(super) fn measure() -> Offset {
        let before = ClockId::Boottime.now_ns();
        let wall = ClockId::Realtime.now_ns();
        let error_ns = ClockId::Boottime.now_ns().saturating_sub(before) + OFFSET_ERROR_NS;
        Offset { ns: i128::from(wall) - i128::from(before), error_ns }
    }

    #[cfg(test)]
    pub(super) fn exact(ns: u64) -> Offset {
        Offset { ns: i128::from(ns), error_ns: 0 }
    }

    fn equals(self, other: Offset) -> bool {
        (self.ns - other.ns).unsigned_abs()
            <= u128::from(self.error_ns) + u128::from(other.error_ns)
    }
}

/// Compares each offset with the one before.
///
/// A wake-up reads the clock first, and measures the offset later. If the clock is set in between, this wake-up notices
/// the step, and the next one finds the timers that it has made due. So a step is reported to both.
#[derive(Debug)]
pub(super) struct StepDetector {
    known: Option<Offset>,
    noticed_before: bool,
}

impl StepDetector {
    pub(super) const fn new() -> StepDetector {
        StepDetector { known: None, noticed_before: false }
    }

    /// Steps are noticed from this measurement on.
    pub(super) fn start(&mut self, now: Offset) {
        *self = StepDetector { known: Some(now), noticed_before: false };
    }

    /// Whether the wall clock was set since the last call but one.
    pub(super) fn was_set(&mut self, now: Offset) -> bool {
        let differs = self.differs(now);
        std::mem::replace(&mut self.noticed_before, differs) || differs
    }

    /// Whether the offset is another one than at the last call.
    fn differs(&mut self, now: Offset) -> bool {
        let known = self.known.get_or_insert(now);
        if known.equals(now) {
            // The more exact one is kept.
            if now.error_ns < known.error_ns {
                *known = now;
            }
            return false;
        }
        *known = now;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inexact_measurement_is_no_step() {
        let mut steps = StepDetector::new();
        steps.start(Offset::exact(1_000_000));
        assert!(!steps.was_set(Offset { ns: 900_000, error_ns: 100_000 }));
        assert!(!steps.was_set(Offset::exact(1_000_000)), "the exact one is kept");
        assert!(steps.was_set(Offset::exact(900_000)));
    }

    #[test]
    fn a_step_is_reported_to_two_wake_ups() {
        let mut steps = StepDetector::new();
        steps.start(Offset::exact(1_000_000));
        let reported = [(); 3].map(|()| steps.was_set(Offset::exact(900_000)));
        assert_eq!(reported, [true, true, false]);
    }
}
