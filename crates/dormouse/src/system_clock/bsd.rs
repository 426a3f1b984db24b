//! FreeBSD, DragonFly and OpenBSD. `CLOCK_UPTIME` stops while the machine is suspended. `CLOCK_BOOTTIME`, of which
//! `CLOCK_MONOTONIC` has the rate, does not. (FreeBSD documents that since version 15. In earlier versions, and on
//! DragonFly, the two are one clock.)

mod gettime;

pub(super) use gettime::CLOCK_ERROR_NS;

use super::ClockId;
use gettime::read_ns;

#[cfg(target_os = "openbsd")]
const BOOTTIME: rustix::time::ClockId = rustix::time::ClockId::Boottime;
/// FreeBSD's `CLOCK_BOOTTIME` is an alias of it.
#[cfg(not(target_os = "openbsd"))]
const BOOTTIME: rustix::time::ClockId = rustix::time::ClockId::Monotonic;

pub(super) fn read(clock: ClockId) -> u64 {
    read_ns(match clock {
        ClockId::Boottime => BOOTTIME,
        ClockId::Monotonic => rustix::time::ClockId::Uptime,
        ClockId::Realtime => rustix::time::ClockId::Realtime,
    })
}

pub(super) fn read_coarse(clock: ClockId) -> u64 {
    read(clock)
}

pub(super) fn measure_suspended() {}
