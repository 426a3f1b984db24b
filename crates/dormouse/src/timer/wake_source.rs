//! The seam to the system: what calls the queue when its next deadline has come.
//!
//! On Linux a timerfd, which knows its clock and is watched by the queue's reactor like any other fd.
//! Where there is none to be had (another system, no fds left, a sandbox that forbids it), a deadline
//! on the wait of the builtin reactor's thread.

use super::fallback;
use crate::clock::ClockId;
use crate::reactor::{Direction, Interest, Reactor, Ready, Registration, WaiterSlot};
use crate::sync::atomic::{AtomicBool, Ordering};
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Poll, Waker};

#[cfg(all(loom, test))]
use crate::loom_test::timerfd as sys;
#[cfg(any(target_os = "linux", target_os = "android"))]
pub(crate) use sys::set_timerfd;

#[derive(Debug)]
pub(crate) enum WakeSource {
    Timerfd {
        fd: Registration<OwnedFd>,
        clock: ClockId,
        /// Somebody has set the clock, which `listen` has not told of yet.
        clock_was_set: AtomicBool,
    },
    Deadline {
        clock: ClockId,
        waker: Waker,
    },
}

impl WakeSource {
    /// A timerfd watched by `reactor`.
    pub(crate) fn timerfd(
        clock: ClockId,
        reactor: &Reactor,
        waker: &Waker,
    ) -> io::Result<WakeSource> {
        let fd = sys::create(clock)?;
        let fd = reactor.register(fd, Interest::READABLE).map_err(|(_, err)| err)?;
        let source = WakeSource::Timerfd { fd, clock, clock_was_set: AtomicBool::new(false) };
        source.acknowledge(waker)?;
        Ok(source)
    }

    /// A deadline on the builtin thread's wait.
    pub(crate) fn deadline(clock: ClockId, waker: &Waker) -> io::Result<WakeSource> {
        fallback::set_deadline(clock, None, waker)?;
        Ok(WakeSource::Deadline { clock, waker: waker.clone() })
    }

    /// Has the waker called at `at`, in place of any time set before. A time that has passed will do.
    pub(crate) fn arm(&self, at: u64) -> io::Result<()> {
        #[cfg(all(test, not(loom)))]
        tests::count_arm();
        match self {
            WakeSource::Timerfd { fd, clock, clock_was_set } => {
                match sys::set(fd.get_ref(), *clock, at) {
                    Err(err) if is_clock_set(&err) => {
                        // The event of that is lost, as the timerfd has been set since.
                        clock_was_set.store(true, Ordering::Relaxed);
                        sys::set(fd.get_ref(), *clock, 0)
                    }
                    set => set,
                }
            }
            WakeSource::Deadline { clock, waker } => {
                fallback::set_deadline(*clock, Some(at), waker)
            }
        }
    }

    /// Takes note of a call, and leaves the waker for the next. To be called before the clock is read
    /// and the next time set: then the call for that time cannot be taken for this one.
    ///
    /// Says whether somebody has set the clock.
    ///
    /// # Errors
    /// If the reactor has ended.
    pub(crate) fn acknowledge(&self, waker: &Waker) -> io::Result<bool> {
        let WakeSource::Timerfd { fd, clock, clock_was_set } = self else { return Ok(false) };
        let mut was_set = false;
        if fd.is_oneshot() || *clock == ClockId::Realtime {
            // WouldBlock: it has not expired.
            was_set = sys::read(fd.get_ref()).is_err_and(|err| is_clock_set(&err));
        }
        while let Poll::Ready(event) =
            fd.poll_internal(WaiterSlot::Direction(Direction::Read), waker)
        {
            fd.clear_readiness(event?, Ready::ALL);
        }
        Ok(was_set | clock_was_set.swap(false, Ordering::Relaxed))
    }
}

/// Of a timerfd on the wall clock: whether that has been set (or the machine has been suspended) since it was
/// looked at last, by `TFD_TIMER_CANCEL_ON_SET`.
fn is_clock_set(err: &io::Error) -> bool {
    err.raw_os_error() == Some(rustix::io::Errno::CANCELED.raw_os_error())
}

#[cfg(all(not(all(loom, test)), any(target_os = "linux", target_os = "android")))]
mod sys {
    use crate::clock::ClockId;
    use rustix::time::{
        Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, timerfd_create,
        timerfd_settime,
    };
    use std::io;
    use std::os::fd::OwnedFd;

    pub(super) fn create(clock: ClockId) -> io::Result<OwnedFd> {
        let clock = match clock {
            ClockId::Boottime => TimerfdClockId::Boottime,
            ClockId::Monotonic => TimerfdClockId::Monotonic,
            ClockId::Realtime => TimerfdClockId::Realtime,
        };
        Ok(timerfd_create(clock, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?)
    }

    /// # Errors
    /// One that `is_clock_set`, if somebody has done that since. The time is set all the same.
    pub(super) fn set(fd: &OwnedFd, clock: ClockId, at: u64) -> io::Result<()> {
        set_timerfd(fd, clock == ClockId::Realtime, at)
    }

    /// Sets a timerfd to an absolute time, in ns; it can be told when somebody sets the wall clock.
    pub(crate) fn set_timerfd(fd: &OwnedFd, tell_of_steps: bool, at: u64) -> io::Result<()> {
        // Zero would disarm it.
        let at = at.max(1);
        let time = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: (at / 1_000_000_000) as _,
                tv_nsec: (at % 1_000_000_000) as _,
            },
        };
        let mut flags = TimerfdTimerFlags::ABSTIME;
        flags.set(TimerfdTimerFlags::CANCEL_ON_SET, tell_of_steps);
        timerfd_settime(fd, flags, &time)?;
        Ok(())
    }

    /// Makes an expired timerfd unreadable.
    pub(super) fn read(fd: &OwnedFd) -> io::Result<()> {
        rustix::io::read(fd, &mut [0; 8])?;
        Ok(())
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod sys {
    use crate::clock::ClockId;
    use std::io;
    use std::os::fd::OwnedFd;

    pub(super) fn create(_: ClockId) -> io::Result<OwnedFd> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system has no timerfd"))
    }

    pub(super) fn set(_: &OwnedFd, _: ClockId, _: u64) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn read(_: &OwnedFd) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(all(test, not(loom)))]
pub(crate) mod tests {
    //! Counts the system calls that set an alarm, by the thread that makes them.

    use std::cell::Cell;

    thread_local! {
        static ARMS: Cell<usize> = const { Cell::new(0) };
    }

    pub(super) fn count_arm() {
        ARMS.set(ARMS.get() + 1);
    }

    pub(crate) fn arms() -> usize {
        ARMS.get()
    }

    pub(crate) fn forget_arms() {
        ARMS.set(0);
    }
}
