//! The timerfds of Linux that wake a suspended machine.

use crate::clock::ClockId;
use crate::stdio::above_stdio;
use crate::timer::timerfd;
use rustix::io::Errno;
use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
use std::io;
use std::os::fd::OwnedFd;

pub(super) type AlarmFd = OwnedFd;

pub(super) fn create(clock: ClockId) -> io::Result<AlarmFd> {
    let alarm = match clock {
        ClockId::Realtime => TimerfdClockId::RealtimeAlarm,
        _ => TimerfdClockId::BoottimeAlarm,
    };
    let fd = timerfd_create(alarm, TimerfdFlags::CLOEXEC).map_err(|err| {
        let what = match err {
            Errno::PERM => {
                "the process needs the capability CAP_WAKE_ALARM to wake a suspended machine (in a systemd unit: \
                 AmbientCapabilities=CAP_WAKE_ALARM)"
            }
            Errno::MFILE => "the process is at its limit of open fds (ulimit -n)",
            _ => "cannot set an alarm that wakes a suspended machine",
        };
        io::Error::new(io::Error::from(err).kind(), format!("{what} ({err})"))
    })?;
    above_stdio(fd)
}

pub(super) fn set(fd: &AlarmFd, at: u64) -> io::Result<()> {
    timerfd::set(fd, false, at)
}
