//! The seam to the system: what calls the queue when its next deadline has come.
//!
//! On Linux a timerfd, which knows its clock and is watched by the queue's reactor like any other fd.
//! Where there is none to be had (another system, no fds left, a sandbox that forbids it), a deadline
//! on the wait of the builtin reactor's thread.

use crate::clock::ClockId;
use crate::reactor::{self, Direction, Interest, Place, Reactor, Ready, Registration};
use std::io;
use std::os::fd::OwnedFd;
use std::task::{Poll, Waker};

#[derive(Debug)]
pub(crate) enum Alarm {
    Timerfd(Registration<OwnedFd>),
    Deadline { clock: ClockId, waker: Waker },
}

impl Alarm {
    /// A timerfd watched by `reactor`.
    pub(crate) fn timerfd(clock: ClockId, reactor: &Reactor, waker: &Waker) -> io::Result<Alarm> {
        let fd = sys::create(clock)?;
        let registered = reactor.register(fd, Interest::READABLE);
        let alarm = Alarm::Timerfd(registered.map_err(|(_, err)| err)?);
        alarm.listen(waker)?;
        Ok(alarm)
    }

    /// A deadline on the builtin thread's wait.
    pub(crate) fn deadline(clock: ClockId, waker: &Waker) -> io::Result<Alarm> {
        reactor::set_deadline(clock, None, waker)?;
        Ok(Alarm::Deadline { clock, waker: waker.clone() })
    }

    /// Has the waker called at `at`, in place of any time set before. A time that has passed will do.
    pub(crate) fn set(&self, at: u64) -> io::Result<()> {
        #[cfg(test)]
        tests::count_arm();
        match self {
            Alarm::Timerfd(registration) => sys::set(registration.get_ref(), at),
            Alarm::Deadline { clock, waker } => reactor::set_deadline(*clock, Some(at), waker),
        }
    }

    /// Takes note of a call, and leaves the waker for the next. To be called before the clock is read
    /// and the next time set: then the call for that time cannot be taken for this one.
    ///
    /// # Errors
    /// If the reactor has ended.
    pub(crate) fn listen(&self, waker: &Waker) -> io::Result<()> {
        let Alarm::Timerfd(registration) = self else { return Ok(()) };
        if registration.is_level_triggered() {
            sys::reset(registration.get_ref());
        }
        while let Poll::Ready(event) = registration.listen(Place::Direction(Direction::Read), waker)
        {
            registration.clear(event?, Ready::ALL);
        }
        Ok(())
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
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
        };
        Ok(timerfd_create(clock, TimerfdFlags::NONBLOCK | TimerfdFlags::CLOEXEC)?)
    }

    pub(super) fn set(fd: &OwnedFd, at: u64) -> io::Result<()> {
        // Zero would disarm it.
        let at = at.max(1);
        let time = Itimerspec {
            it_interval: Timespec { tv_sec: 0, tv_nsec: 0 },
            it_value: Timespec {
                tv_sec: (at / 1_000_000_000) as _,
                tv_nsec: (at % 1_000_000_000) as _,
            },
        };
        timerfd_settime(fd, TimerfdTimerFlags::ABSTIME, &time)?;
        Ok(())
    }

    /// Makes an expired timerfd unreadable.
    pub(super) fn reset(fd: &OwnedFd) {
        // WouldBlock: it has not expired.
        let _ = rustix::io::read(fd, &mut [0; 8]);
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

    pub(super) fn set(_: &OwnedFd, _: u64) -> io::Result<()> {
        Ok(())
    }

    pub(super) fn reset(_: &OwnedFd) {}
}

#[cfg(test)]
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
