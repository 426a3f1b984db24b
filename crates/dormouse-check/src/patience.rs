//! How long to wait for something that may never happen.
//!
//! A verdict must not depend on how busy the machine is. So waiting is counted in slices: short waits that
//! this thread has come back from. Where the whole process gets no CPU time, because the machine is loaded,
//! suspended, or stopped in a debugger, a slice takes longer, and no verdict comes nearer.

use std::time::Duration;

/// One slice.
pub(crate) const SLICE: Duration = Duration::from_millis(10);

/// A number of slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Patience(pub(crate) u32);

impl Patience {
    /// At least `duration`, and at least one slice.
    pub(crate) fn of(duration: Duration) -> Patience {
        let slices = duration.as_nanos().div_ceil(SLICE.as_nanos()).max(1);
        Patience(u32::try_from(slices).unwrap_or(u32::MAX))
    }

    pub(crate) fn times(self, factor: u32) -> Patience {
        Patience(self.0.saturating_mul(factor))
    }

    pub(crate) fn and(self, more: Patience) -> Patience {
        Patience(self.0.saturating_add(more.0))
    }

    /// What it takes where nothing else needs the CPU.
    pub(crate) fn duration(self) -> Duration {
        SLICE * self.0
    }

    /// Looks again after each `pause`, as often as there are slices.
    pub(crate) fn until_every(self, pause: Duration, mut done: impl FnMut() -> bool) -> bool {
        for _ in 0..self.0 {
            if done() {
                return true;
            }
            std::thread::sleep(pause);
        }
        done()
    }

    /// Looks again after each slice, until `done`. Says whether it was.
    pub(crate) fn until(self, mut done: impl FnMut() -> bool) -> bool {
        // The first looks come sooner: most of what is waited for is there at once.
        for doubling in 0..6 {
            if done() {
                return true;
            }
            std::thread::sleep(Duration::from_micros(100) * (1 << doubling));
        }
        self.until_every(SLICE, done)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_duration_is_rounded_down() {
        assert_eq!(Patience::of(Duration::ZERO), Patience(1));
        assert_eq!(Patience::of(SLICE), Patience(1));
        assert_eq!(Patience::of(SLICE + Duration::from_nanos(1)), Patience(2));
        assert_eq!(Patience::of(Duration::MAX), Patience(u32::MAX));
    }

    #[test]
    fn it_ends_when_there_is_nothing_to_wait_for() {
        assert!(Patience(u32::MAX).until(|| true));
        assert!(!Patience(1).until(|| false));
    }
}
