//! The clocks as values, and how they are read from the system.

use super::{Boottime, Monotonic, Realtime};
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock as a value, for code that is not generic over [`Clock`](super::Clock).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockId {
    /// See [`Boottime`].
    Boottime,
    /// See [`Monotonic`].
    Monotonic,
    /// See [`Realtime`].
    Realtime,
}

impl ClockId {
    pub(crate) const ALL: [ClockId; 3] = [ClockId::Boottime, ClockId::Monotonic, ClockId::Realtime];

    /// Nanoseconds since the epoch of the clock. A u64 lasts for 584 years.
    #[inline]
    pub(crate) fn now_ns(self) -> u64 {
        let clock = match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            ClockId::Boottime => rustix::time::ClockId::Boottime,
            ClockId::Realtime => rustix::time::ClockId::Realtime,
            _ => rustix::time::ClockId::Monotonic,
        };
        read(clock)
    }

    /// A time that is not later than [`now_ns`](Self::now_ns), for a quarter of the cost. It is behind by some ms, or
    /// by more in the first second after a suspend. (If the wall clock is set back, it can be later.)
    #[inline]
    pub(crate) fn coarse_ns(self) -> u64 {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            match self {
                ClockId::Realtime => read(rustix::time::ClockId::RealtimeCoarse),
                ClockId::Monotonic => read(rustix::time::ClockId::MonotonicCoarse),
                ClockId::Boottime => {
                    let awake = read(rustix::time::ClockId::MonotonicCoarse);
                    // Saturating: `MEASURED_AT_NS` was read from the exact clock, which the coarse one can be behind.
                    let age = awake.saturating_sub(MEASURED_AT_NS.load(Ordering::Relaxed));
                    if age > MEASURE_EVERY_NS {
                        ClockId::measure_suspended();
                    }
                    awake.wrapping_add(SUSPENDED_NS.load(Ordering::Relaxed))
                }
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        self.now_ns()
    }

    /// Measures how long the machine has been suspended since boot, for [`coarse_ns`](Self::coarse_ns): by so much the
    /// boot-time clock is ahead of the monotonic one.
    pub(crate) fn measure_suspended() {
        // In this order, so that a suspend between the two makes the difference too small, not too large.
        let boottime = ClockId::Boottime.now_ns();
        let awake = ClockId::Monotonic.now_ns();
        SUSPENDED_NS.store(boottime.wrapping_sub(awake), Ordering::Relaxed);
        MEASURED_AT_NS.store(awake, Ordering::Relaxed);
    }
}

/// How long the machine had been suspended at `MEASURED_AT_NS`. (In a time namespace it can be negative, and wraps
/// around.) Only a hint, so an older value is valid too.
static SUSPENDED_NS: AtomicU64 = AtomicU64::new(0);
/// When `SUSPENDED_NS` was measured, by the monotonic clock.
static MEASURED_AT_NS: AtomicU64 = AtomicU64::new(0);
#[cfg(any(target_os = "linux", target_os = "android"))]
const MEASURE_EVERY_NS: u64 = 1_000_000_000;

#[cfg(all(loom, test))]
fn read(_: rustix::time::ClockId) -> u64 {
    crate::loom_test::kernel::now()
}

#[cfg(not(all(loom, test)))]
#[inline]
fn read(clock: rustix::time::ClockId) -> u64 {
    let time = rustix::time::clock_gettime(clock);
    // The wall clock can be set to before 1970.
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + time.tv_nsec as u64
}

/// Seals [`Clock`](super::Clock).
pub trait Sealed {
    /// See [`ClockId`].
    const ID: ClockId;
}

impl Sealed for Boottime {
    const ID: ClockId = ClockId::Boottime;
}

impl Sealed for Monotonic {
    const ID: ClockId = ClockId::Monotonic;
}

impl Sealed for Realtime {
    const ID: ClockId = ClockId::Realtime;
}
