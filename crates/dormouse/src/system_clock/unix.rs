//! Unix systems that have one monotonic clock, such as NetBSD and illumos: `Boottime` and `Monotonic` both read it.

use super::ClockId;
use rustix::time::clock_gettime;

pub(super) fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(match clock {
        ClockId::Boottime | ClockId::Monotonic => rustix::time::ClockId::Monotonic,
        ClockId::Realtime => rustix::time::ClockId::Realtime,
    });
    // The wall clock can be set to before 1970.
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + time.tv_nsec as u64
}

pub(super) fn read_coarse(clock: ClockId) -> u64 {
    read(clock)
}

pub(super) fn measure_suspended() {}
