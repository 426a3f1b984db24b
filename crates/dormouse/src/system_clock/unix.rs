//! Unix systems that have one monotonic clock, such as NetBSD and illumos: `Boottime` and `Monotonic` both read it.

mod gettime;

pub(super) use gettime::CLOCK_ERROR_NS;

use super::ClockId;
use gettime::read_ns;

pub(super) fn read(clock: ClockId) -> u64 {
    read_ns(match clock {
        ClockId::Boottime | ClockId::Monotonic => rustix::time::ClockId::Monotonic,
        ClockId::Realtime => rustix::time::ClockId::Realtime,
    })
}

pub(super) fn read_coarse(clock: ClockId) -> u64 {
    read(clock)
}

pub(super) fn measure_suspended() {}
