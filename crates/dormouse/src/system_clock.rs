//! The clocks of the system as values, and how they are read.
//!
//! It knows neither virtual time nor the types of the clocks: `clock` has these.

use crate::sync::unexplored::AtomicU64;
use std::cell::Cell;
use std::sync::atomic::Ordering;

/// A clock as a value, for code that is not generic over [`Clock`](crate::clock::Clock).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockId {
    /// See [`Boottime`](crate::clock::Boottime).
    Boottime,
    /// See [`Monotonic`](crate::clock::Monotonic).
    Monotonic,
    /// See [`Realtime`](crate::clock::Realtime).
    Realtime,
}

impl ClockId {
    pub(crate) const ALL: [ClockId; 3] = [ClockId::Boottime, ClockId::Monotonic, ClockId::Realtime];

    /// The name of its type.
    #[cfg_attr(
        not(any(feature = "stats", feature = "tracing")),
        expect(dead_code, reason = "only stats and events name a clock")
    )]
    pub(crate) fn name(self) -> &'static str {
        match self {
            ClockId::Boottime => "Boottime",
            ClockId::Monotonic => "Monotonic",
            ClockId::Realtime => "Realtime",
        }
    }

    /// Nanoseconds since the epoch of the clock. A u64 lasts for 584 years.
    #[inline]
    pub(crate) fn now_ns(self) -> u64 {
        let clock = match self {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            ClockId::Boottime => rustix::time::ClockId::Boottime,
            ClockId::Realtime => rustix::time::ClockId::Realtime,
            _ => rustix::time::ClockId::Monotonic,
        };
        let ns = read(clock);
        if self == ClockId::Boottime {
            LAST_BOOTTIME_NS.set(ns);
        }
        ns
    }

    /// A time that is not later than [`now_ns`](Self::now_ns), for a quarter of the cost, and behind by some ms. A hint:
    /// it can be further behind for up to a second after a suspend, and later than the clock after that was set back.
    #[inline]
    pub(crate) fn coarse_ns(self) -> u64 {
        // Not in loom tests: what follows depends on earlier executions, and on other tests.
        #[cfg(all(any(target_os = "linux", target_os = "android"), not(all(loom, test))))]
        {
            match self {
                ClockId::Realtime => read(rustix::time::ClockId::RealtimeCoarse),
                ClockId::Monotonic => read(rustix::time::ClockId::MonotonicCoarse),
                ClockId::Boottime => {
                    let awake = read(rustix::time::ClockId::MonotonicCoarse);
                    let ns = awake.wrapping_add(SUSPENDED_NS.load(Ordering::Relaxed));
                    if ns.abs_diff(LAST_BOOTTIME_NS.get()) <= MEASURE_EVERY_NS {
                        return ns;
                    }
                    ClockId::measure_suspended();
                    awake.wrapping_add(SUSPENDED_NS.load(Ordering::Relaxed))
                }
            }
        }
        #[cfg(any(not(any(target_os = "linux", target_os = "android")), all(loom, test)))]
        self.now_ns()
    }

    /// Measures how long the machine has been suspended since boot, for [`coarse_ns`](Self::coarse_ns): by so much the
    /// boot-time clock is ahead of the monotonic one.
    pub(crate) fn measure_suspended() {
        // In this order, so that a suspend between the two makes the difference too small, not too large.
        let boottime = ClockId::Boottime.now_ns();
        let awake = ClockId::Monotonic.now_ns();
        SUSPENDED_NS.store(boottime.wrapping_sub(awake), Ordering::Relaxed);
    }
}

/// How long the machine had been suspended when that was measured last. (In a time namespace it can be negative, and
/// wraps around.) Only a hint, so an older value is valid too.
static SUSPENDED_NS: AtomicU64 = AtomicU64::new(0);

std::thread_local! {
    /// What the calling thread has last read from the exact boot-time clock. If the coarse reading is far from it, a
    /// second has passed, or the machine was suspended, or the process has entered another time namespace. Then
    /// `SUSPENDED_NS` is measured again. (A sleep reads the exact clock when it is created, before its first poll
    /// reads the coarse one.)
    static LAST_BOOTTIME_NS: Cell<u64> = const { Cell::new(0) };
}

#[cfg(all(any(target_os = "linux", target_os = "android"), not(all(loom, test))))]
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
