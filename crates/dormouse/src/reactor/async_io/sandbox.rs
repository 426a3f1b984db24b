//! Finds out whether a sandbox, such as a seccomp filter, refuses the waits of async-io's thread. async-io reports that
//! neither by an error nor by a panic: it tries again and again, and no event arrives.

use crate::reactor::error::cannot;
use rustix::event::epoll;
use rustix::io::Errno;
use rustix::time::{
    Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
    timerfd_settime,
};
use std::io;

/// Makes the system calls that async-io makes in each wait.
pub(super) fn check_waits() -> io::Result<()> {
    const ZERO: Timespec = Timespec { tv_sec: 0, tv_nsec: 0 };
    let refused = |call| {
        move |err: Errno| cannot(&format!("async-io cannot wait for events: {call}"), &err.into())
    };
    let epoll = epoll::create(epoll::CreateFlags::CLOEXEC).map_err(refused("epoll_create1"))?;
    let mut events = Vec::with_capacity(1);
    epoll::wait(&epoll, rustix::buffer::spare_capacity(&mut events), Some(&ZERO))
        .map_err(refused("epoll_pwait"))?;
    // Without a timerfd, async-io sets none.
    let Ok(timer) = timerfd_create(TimerfdClockId::Monotonic, TimerfdFlags::CLOEXEC) else {
        return Ok(());
    };
    let disarmed = Itimerspec { it_interval: ZERO, it_value: ZERO };
    timerfd_settime(&timer, TimerfdTimerFlags::empty(), &disarmed)
        .map(drop)
        .map_err(refused("timerfd_settime"))
}
