//! Linux and Android. `clock_gettime` reads these clocks without a system call.

mod gettime;

pub(super) use gettime::CLOCK_ERROR_NS;

use super::ClockId;
use crate::sync::unexplored::AtomicU64;
use gettime::read_ns;
use std::cell::Cell;
use std::sync::atomic::Ordering;

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

const MEASURE_EVERY_NS: u64 = 1_000_000_000;

#[inline]
pub(super) fn read(clock: ClockId) -> u64 {
    let ns = read_ns(match clock {
        ClockId::Boottime => rustix::time::ClockId::Boottime,
        ClockId::Monotonic => rustix::time::ClockId::Monotonic,
        ClockId::Realtime => rustix::time::ClockId::Realtime,
    });
    if clock == ClockId::Boottime {
        LAST_BOOTTIME_NS.set(ns);
    }
    ns
}

#[inline]
pub(super) fn read_coarse(clock: ClockId) -> u64 {
    match clock {
        ClockId::Realtime => read_ns(rustix::time::ClockId::RealtimeCoarse),
        ClockId::Monotonic => read_ns(rustix::time::ClockId::MonotonicCoarse),
        ClockId::Boottime => {
            let awake = read_ns(rustix::time::ClockId::MonotonicCoarse);
            let ns = awake.wrapping_add(SUSPENDED_NS.load(Ordering::Relaxed));
            if ns.abs_diff(LAST_BOOTTIME_NS.get()) <= MEASURE_EVERY_NS {
                return ns;
            }
            measure_suspended();
            awake.wrapping_add(SUSPENDED_NS.load(Ordering::Relaxed))
        }
    }
}

/// Measures how long the machine has been suspended since boot: by so much the boot-time clock is ahead of the monotonic
/// one. There is no coarse boot-time clock.
pub(super) fn measure_suspended() {
    // In this order, so that a suspend between the two makes the difference too small, not too large.
    let boottime = read(ClockId::Boottime);
    let awake = read(ClockId::Monotonic);
    SUSPENDED_NS.store(boottime.wrapping_sub(awake), Ordering::Relaxed);
}
