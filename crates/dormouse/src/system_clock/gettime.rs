//! clock_gettime(2), which reads the clocks of every Unix system.

use rustix::time::{ClockId, clock_gettime};

/// See [`Offset`](crate::system_clock::Offset).
pub(in crate::system_clock) const CLOCK_ERROR_NS: u64 = 1_000;

#[inline]
pub(super) fn read_ns(clock: ClockId) -> u64 {
    let time = clock_gettime(clock);
    // The wall clock can be set to before 1970.
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + time.tv_nsec as u64
}
