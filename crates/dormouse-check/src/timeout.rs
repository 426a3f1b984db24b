//! Timeouts for something that may never happen.
//!
//! A verdict must not depend on the load of the machine. So a timeout is not a duration but a number of slices:
//! short waits that this thread has returned from. Where the whole process gets no CPU time, because the machine is
//! loaded, suspended, or stopped in a debugger, a slice takes longer, and the timeout does not advance.

use std::cell::Cell;
use std::time::Duration;

/// The length of one slice.
pub(crate) const SLICE: Duration = Duration::from_millis(10);

/// A timeout, as a number of slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Timeout(pub(crate) u32);

impl Timeout {
    /// At least `duration`, and at least one slice.
    pub(crate) fn at_least(duration: Duration) -> Timeout {
        let slices = duration.as_nanos().div_ceil(SLICE.as_nanos()).max(1);
        Timeout(u32::try_from(slices).unwrap_or(u32::MAX))
    }

    pub(crate) fn times(self, factor: u32) -> Timeout {
        Timeout(self.0.saturating_mul(factor))
    }

    pub(crate) fn plus(self, more: Timeout) -> Timeout {
        Timeout(self.0.saturating_add(more.0))
    }

    /// How long the timeout takes on an idle machine.
    pub(crate) fn duration(self) -> Duration {
        SLICE * self.0
    }

    /// Checks `done` after each slice. Returns whether it became true.
    pub(crate) fn wait_until(self, mut done: impl FnMut() -> bool) -> bool {
        // The first checks come sooner: usually the wait is over within a few hundred microseconds.
        for doubling in 0..6 {
            if done() {
                return true;
            }
            std::thread::sleep(Duration::from_micros(100) * (1 << doubling));
        }
        check_every(SLICE, self.0, done)
    }
}

/// The time that a check may still spend on waiting for its threads.
///
/// Like a [`Timeout`], it does not advance while the process gets no CPU time: a wait counts as one slice at most, without
/// the time for which the threads themselves wait for a CPU.
#[derive(Debug)]
pub(crate) struct Budget {
    remaining: Cell<Duration>,
}

impl Budget {
    pub(crate) fn new(time: Duration) -> Budget {
        Budget { remaining: Cell::new(time) }
    }

    /// Subtracts a wait for threads, which was to last for one slice at most. `cpu_wait` is how long these have waited for a
    /// CPU meanwhile. Returns what the wait counts.
    pub(crate) fn spend(&self, waited: Duration, cpu_wait: Duration) -> Duration {
        let waited = waited.min(SLICE);
        // Never nothing, so that the time ends.
        let counted = waited.saturating_sub(cpu_wait).max(waited / 8);
        self.remaining.set(self.remaining.get().saturating_sub(counted));
        counted
    }

    pub(crate) fn spend_slices(&self, slices: u32) {
        self.remaining.set(self.remaining.get().saturating_sub(Timeout(slices).duration()));
    }

    /// Replaces what remains.
    pub(crate) fn set(&self, remaining: Duration) {
        self.remaining.set(remaining);
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.remaining.get()
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.remaining.get().is_zero()
    }
}

/// Checks `done` up to `times` times, with a pause after each check, and once more at the end. Returns whether it
/// became true.
pub(crate) fn check_every(pause: Duration, times: u32, mut done: impl FnMut() -> bool) -> bool {
    for _ in 0..times {
        if done() {
            return true;
        }
        std::thread::sleep(pause);
    }
    done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_rounded_up_to_whole_slices() {
        assert_eq!(Timeout::at_least(Duration::ZERO), Timeout(1));
        assert_eq!(Timeout::at_least(SLICE), Timeout(1));
        assert_eq!(Timeout::at_least(SLICE + Duration::from_nanos(1)), Timeout(2));
        assert_eq!(Timeout::at_least(Duration::MAX), Timeout(u32::MAX));
    }

    #[test]
    fn a_wait_that_takes_longer_because_of_load_costs_one_slice() {
        let budget = Budget::new(SLICE * 2);
        budget.spend(SLICE * 100, Duration::ZERO);
        assert!(!budget.is_spent());
        budget.spend(SLICE, Duration::ZERO);
        assert!(budget.is_spent());
    }

    #[test]
    fn a_wait_ends_when_its_condition_holds_or_its_timeout_expires() {
        assert!(Timeout(u32::MAX).wait_until(|| true));
        assert!(!Timeout(1).wait_until(|| false));
    }

    #[test]
    fn a_wait_for_a_cpu_is_not_spent_but_the_time_ends() {
        let budget = Budget::new(SLICE * 10);
        assert_eq!(budget.spend(SLICE, SLICE / 2), SLICE / 2);
        assert_eq!(budget.spend(SLICE, SLICE * 10), SLICE / 8);
        assert_eq!(budget.remaining(), SLICE * 10 - SLICE / 2 - SLICE / 8);
    }
}
