//! Notices that the wall clock was set.
//!
//! A timer that a step has made due was not late by what the clock shows. The timerfd reports a step too, but after the
//! kernel has expired the timers that are due by it; and the fallback does not report any. So the offset between the wall
//! clock and the boot-time clock is compared. On Linux only a step changes it, as NTP slews both clocks. Where the
//! boot-time clock is not slewed, a slew is taken for a step, and its timers are left out.

use crate::system_clock::{ClockId, Offset};

/// How far the wall clock is ahead of the boot-time clock.
pub(super) fn measure() -> Offset {
    Offset::measure(|| ClockId::Realtime.now_ns(), || ClockId::Boottime.now_ns())
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
        let known = self.known.unwrap_or(now);
        let differs = now.change_since(known).is_some();
        self.known = Some(if differs { now } else { known.or_more_exact(now) });
        differs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_inexact_measurement_is_no_step() {
        let mut steps = StepDetector::new();
        steps.start(Offset::known(1_000_000, 0));
        assert!(!steps.was_set(Offset::known(900_000, 100_000)));
        assert!(!steps.was_set(Offset::known(1_000_000, 0)), "the exact one is kept");
        assert!(steps.was_set(Offset::known(900_000, 0)));
    }

    #[test]
    fn a_step_is_reported_to_two_wake_ups() {
        let mut steps = StepDetector::new();
        steps.start(Offset::known(1_000_000, 0));
        let reported = [(); 3].map(|()| steps.was_set(Offset::known(900_000, 0)));
        assert_eq!(reported, [true, true, false]);
    }
}
