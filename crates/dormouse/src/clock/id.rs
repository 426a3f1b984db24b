//! The clocks as the crate's inside knows them: which is which system clock, and how it is read.

use super::{Boottime, Monotonic, Realtime};
use std::sync::atomic::{AtomicU64, Ordering};

/// The clocks as values: what the timer queue is told.
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

    /// Nanoseconds since the clock's epoch. A u64 of them lasts for 584 years.
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

    /// A time that is not later than [`now_ns`](Self::now_ns), for a quarter of the price: behind by
    /// some ms, but for the first second after a suspend. (And a wall clock may be set back.)
    #[inline]
    pub(crate) fn coarse_ns(self) -> u64 {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            match self {
                ClockId::Realtime => read(rustix::time::ClockId::RealtimeCoarse),
                ClockId::Monotonic => read(rustix::time::ClockId::MonotonicCoarse),
                ClockId::Boottime => {
                    let awake = read(rustix::time::ClockId::MonotonicCoarse);
                    // The coarse clock may be behind the exact one that was looked at.
                    let age = awake.saturating_sub(LOOKED_AT.load(Ordering::Relaxed));
                    if age > LOOK_EVERY_NS {
                        ClockId::synchronize();
                    }
                    awake.wrapping_add(SUSPENDED.load(Ordering::Relaxed))
                }
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        self.now_ns()
    }

    /// Notes how far the boot-time clock is ahead of the monotonic one.
    pub(crate) fn synchronize() {
        // In this order, so that a suspend in between makes it too little, not too much.
        let boottime = ClockId::Boottime.now_ns();
        let awake = ClockId::Monotonic.now_ns();
        SUSPENDED.store(boottime.wrapping_sub(awake), Ordering::Relaxed);
        LOOKED_AT.store(awake, Ordering::Relaxed);
    }
}

/// For how many ns the machine had been suspended at `LOOKED_AT`, by the monotonic clock. (Negative,
/// and so wrapped, in a time namespace that is made so.) Only a hint: an older value will do.
static SUSPENDED: AtomicU64 = AtomicU64::new(0);
static LOOKED_AT: AtomicU64 = AtomicU64::new(0);
#[cfg(any(target_os = "linux", target_os = "android"))]
const LOOK_EVERY_NS: u64 = 1_000_000_000;

#[cfg(all(loom, test))]
fn read(_: rustix::time::ClockId) -> u64 {
    crate::loom_test::kernel::now()
}

#[cfg(not(all(loom, test)))]
#[inline]
fn read(clock: rustix::time::ClockId) -> u64 {
    let time = rustix::time::clock_gettime(clock);
    // A wall clock may be set to before 1970.
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + time.tv_nsec as u64
}

/// What the kernel calls the clock.
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
