//! The timerfds of Linux.

use crate::clock::ClockId;
use crate::fork::fds;
use crate::stdio::above_stdio;
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

/// Whether the system has timerfds.
pub(crate) const EXISTS: bool = true;

pub(crate) fn create(clock: ClockId) -> io::Result<OwnedFd> {
    let flags = TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC;
    above_stdio(timerfd_create(system_clock(clock), flags)?)
}

fn system_clock(clock: ClockId) -> TimerfdClockId {
    match clock {
        ClockId::Boottime => TimerfdClockId::Boottime,
        ClockId::Monotonic => TimerfdClockId::Monotonic,
        ClockId::Realtime => TimerfdClockId::Realtime,
    }
}

pub(crate) fn number(fd: &OwnedFd) -> RawFd {
    fd.as_raw_fd()
}

/// In the child of a fork, closes its copy of a timerfd on this clock, if the number still is that of a timerfd on this
/// clock that has been set to an absolute time. Nothing tells two such timerfds apart. The owner is never dropped.
pub(crate) fn close_in_child(number: RawFd, clock: ClockId) {
    if is_timerfd(number, clock) {
        fds::close(number);
    }
}

fn is_timerfd(number: RawFd, clock: ClockId) -> bool {
    let clock = format!("clockid: {}", system_clock(clock) as u32);
    let flags = "settime flags: 0";
    let info = std::fs::read_to_string(fds::info_path(number));
    info.is_ok_and(|info| {
        info.lines().any(|line| line == clock)
            && info.lines().any(|line| line.strip_prefix(flags).is_some_and(|set| set != "0"))
    })
}

/// Sets a timerfd to an absolute time; with `cancel_on_set`, a change of the wall clock makes it readable too.
///
/// # Errors
/// `ECANCELED`, if the wall clock was set since the last call. The timerfd is set all the same.
pub(crate) fn set(fd: &OwnedFd, cancel_on_set: bool, at_ns: u64) -> io::Result<()> {
    // Zero would disarm it.
    let at_ns = at_ns.max(1);
    let time = Itimerspec {
        it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
        it_value: Timespec {
            tv_sec: (at_ns / 1_000_000_000) as _,
            tv_nsec: (at_ns % 1_000_000_000) as _,
        },
    };
    let mut flags = TimerfdTimerFlags::ABSTIME;
    flags.set(TimerfdTimerFlags::CANCEL_ON_SET, cancel_on_set);
    timerfd_settime(fd, flags, &time)?;
    Ok(())
}

/// Makes an expired timerfd unreadable.
///
/// # Errors
/// `ECANCELED`, if the wall clock was set since the last call; `WouldBlock`, if the timerfd has not expired.
pub(crate) fn read(fd: &OwnedFd) -> io::Result<()> {
    rustix::io::read(fd, &mut [0; 8])?;
    Ok(())
}

/// Whether a timerfd reports with this error that the wall clock was set or the machine was suspended
/// (`TFD_TIMER_CANCEL_ON_SET`).
pub(crate) fn is_clock_set(err: &io::Error) -> bool {
    err.raw_os_error() == Some(Errno::CANCELED.raw_os_error())
}
