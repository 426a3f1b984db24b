//! FreeBSD, DragonFly and OpenBSD. `CLOCK_UPTIME` stops while the machine is suspended. `CLOCK_BOOTTIME`, of which
//! `CLOCK_MONOTONIC` has the rate, does not. (FreeBSD documents that since version 15. In earlier versions, and on
//! DragonFly, the two are one clock.)

use super::ClockId;
use rustix::time::clock_gettime;

#[cfg(target_os = "openbsd")]
const BOOTTIME: rustix::time::ClockId = rustix::time::ClockId::Boottime;
/// FreeBSD's `CLOCK_BOOTTIME` is an alias of it.
#[cfg(not(target_os = "openbsd"))]
const BOOTTIME: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

pub(super) fn read(clock: ClockId) -> u64 {
    let time = clock_gettime(match clock {
        ClockId::Boottime => BOOTTIME,
        ClockId::Monotonic => rustix::time::ClockId::Uptime,
        ClockId::Realtime => rustix::time::ClockId::Realtime,
    });
    // The wall clock can be set to before 1970.
    u64::try_from(time.tv_sec).unwrap_or(0) * 1_000_000_000 + time.tv_nsec as u64
}

pub(super) fn read_coarse(clock: ClockId) -> u64 {
    read(clock)
}

pub(super) fn measure_suspended() {}
