//! macOS, iOS and the other systems of Apple. `CLOCK_MONOTONIC` counts the time that the machine sleeps there.
//! `CLOCK_UPTIME_RAW`, the clock of std's `Instant`, does not.

mod gettime;

pub(super) use gettime::CLOCK_ERROR_NS;

use super::ClockId;
use gettime::read_ns;
use nix::libc::CLOCK_UPTIME_RAW;
use std::time::Duration;

pub(super) fn read(clock: ClockId) -> u64 {
    match clock {
        ClockId::Boottime => read_ns(rustix::time::ClockId::Monotonic),
        // rustix does not have this clock.
        ClockId::Monotonic => {
            let uptime = nix::time::ClockId::from_raw(CLOCK_UPTIME_RAW).now();
            // It cannot fail: the system has had this clock since macOS 10.12.
            uptime.map_or(0, |time| Duration::from(time).as_nanos() as u64)
        }
        ClockId::Realtime => read_ns(rustix::time::ClockId::Realtime),
    }
}

/// There is no cheaper clock that rustix can read.
pub(super) fn read_coarse(clock: ClockId) -> u64 {
    read(clock)
}

pub(super) fn measure_suspended() {}
