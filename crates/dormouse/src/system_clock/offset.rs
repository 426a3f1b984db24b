//! How far one clock is ahead of another, and whether that has changed: a clock that is set, or that counts a suspend, moves
//! against the others.

use super::read_pair::read_pair;
use super::sys::CLOCK_ERROR_NS;

/// How far a clock is ahead of its reference. (In an i128, since a wall clock in virtual time can be set to after 2262, for
/// which an i64 of ns is too small.)
#[derive(Clone, Copy, Debug)]
pub(crate) struct Offset {
    ns: i128,
    /// The error of `ns`: the time between the two readings, and `CLOCK_ERROR_NS`, by which the offset can seem to move
    /// when no clock was set.
    error_ns: u64,
}

impl Offset {
    /// Reads both clocks, in ns.
    pub(crate) fn measure(clock: impl Fn() -> u64, reference: impl Fn() -> u64) -> Offset {
        let (error, ns) = read_pair(|| {
            let before = reference();
            let clock = clock();
            let error = reference().saturating_sub(before);
            (error, i128::from(clock) - i128::from(before) - i128::from(error / 2))
        });
        Offset { ns, error_ns: error.saturating_add(CLOCK_ERROR_NS) }
    }

    /// By how much the offset has changed since `earlier`, if that is more than the errors of both.
    pub(crate) fn change_since(self, earlier: Offset) -> Option<i128> {
        let change = self.ns - earlier.ns;
        let error = i128::from(self.error_ns) + i128::from(earlier.error_ns);
        (change.abs() > error).then_some(change)
    }

    /// Of two measurements of the same offset, the more exact one.
    #[cfg(feature = "stats")]
    pub(crate) fn or_more_exact(self, other: Offset) -> Offset {
        if other.error_ns < self.error_ns { other } else { self }
    }

    #[cfg(all(test, feature = "stats"))]
    pub(crate) fn known(ns: u64, error_ns: u64) -> Offset {
        Offset { ns: i128::from(ns), error_ns }
    }
}
