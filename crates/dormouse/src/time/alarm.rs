//! Sleeps that wake a suspended machine.
//!
//! To wake the machine and to wake the task are two things: the first is done by a timerfd on one of the kernel's
//! alarm clocks, which is set and never read; the second by a sleep like any other, whose deadline has passed by the
//! time that the machine is awake. So an alarm needs no reactor, and survives what sleeps survive.

use crate::clock::{Boottime, Clock, Realtime};
use crate::time::{Instant, Sleep, sleep_until};
use std::fmt;
use std::future::Future;
use std::io;
use std::os::fd::OwnedFd;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits until a deadline, and **wakes the machine for it** if it is suspended then.
///
/// It takes a file descriptor while it lives, and the capability `CAP_WAKE_ALARM`. Dropped, it wakes nobody. The
/// machine has to have a real-time clock that can wake it, as nearly all have.
///
/// Use it sparingly: a sleep, whose task learns after the resume that the deadline has passed, is enough for
/// nearly everything.
///
/// ```
/// use dormouse::time::{Alarm, Instant};
/// use std::io::ErrorKind;
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// match Alarm::new(Instant::now() + Duration::from_millis(5)) {
///     Ok(alarm) => alarm.await, // back up, say, and then go to sleep again
///     Err(err) if err.kind() == ErrorKind::PermissionDenied => println!("{err}"),
///     Err(err) => return Err(err),
/// }
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Cancel safety
/// Polling it by `&mut` in a `select!` loses nothing: the deadline stays.
///
/// # Accuracy
/// That of a sleep, once the machine is awake. The real-time clocks of many machines count whole seconds.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Alarm<C: AlarmClock = Boottime> {
    sleep: Sleep<C>,
    /// The timerfd that wakes the machine. `None` in virtual time, in which the sleep wakes it.
    fd: Option<OwnedFd>,
}

/// A clock by which the kernel can wake a suspended machine: [`Boottime`] or [`Realtime`].
///
/// ```
/// use dormouse::time::{Alarm, AlarmClock};
/// use std::{io, time::Duration};
///
/// fn in_an_hour<C: AlarmClock>() -> io::Result<Alarm<C>> {
///     Alarm::new(C::now() + Duration::from_secs(3600))
/// }
/// # let _ = in_an_hour::<dormouse::clock::Realtime>();
/// ```
pub trait AlarmClock: Clock {}

impl AlarmClock for Boottime {}
impl AlarmClock for Realtime {}

impl<C: AlarmClock> Alarm<C> {
    /// Sets an alarm, on whatever clock `deadline` is an instant of.
    ///
    /// ```
    /// use dormouse::{clock::Realtime, time::Alarm};
    /// use std::{io, time::{Duration, SystemTime}};
    ///
    /// async fn wake_at(time: SystemTime) -> io::Result<()> {
    ///     Alarm::<Realtime>::new(time.into())?.await;
    ///     Ok(())
    /// }
    /// # let _ = dormouse::block_on(wake_at(SystemTime::now() + Duration::from_millis(1)));
    /// ```
    ///
    /// # Errors
    /// `PermissionDenied`, if the process has not got the capability `CAP_WAKE_ALARM`. `Unsupported`, if the system is
    /// not Linux. And if the process has no file descriptors left.
    pub fn new(deadline: Instant<C>) -> io::Result<Alarm<C>> {
        let mut sleep = sleep_until(deadline);
        if sleep.set_virtual_alarm() {
            return Ok(Alarm { sleep, fd: None });
        }
        let fd = sys::create(C::ID)?;
        sys::set(&fd, deadline.ns())?;
        Ok(Alarm { sleep, fd: Some(fd) })
    }

    /// When it completes.
    ///
    /// ```
    /// use dormouse::time::{Alarm, Instant};
    /// let at = Instant::now() + std::time::Duration::from_secs(3600);
    /// if let Ok(alarm) = Alarm::new(at) {
    ///     assert_eq!(alarm.deadline(), at);
    /// }
    /// ```
    pub fn deadline(&self) -> Instant<C> {
        self.sleep.deadline()
    }

    /// Whether the deadline has passed.
    ///
    /// ```
    /// use dormouse::time::{Alarm, Instant};
    /// if let Ok(alarm) = Alarm::new(Instant::now()) {
    ///     assert!(alarm.is_elapsed());
    /// }
    /// ```
    pub fn is_elapsed(&self) -> bool {
        self.sleep.is_elapsed()
    }

    /// Moves the deadline. An alarm that was over can be waited for again.
    ///
    /// ```
    /// use dormouse::time::{Alarm, Instant};
    /// use std::time::Duration;
    /// # fn main() -> std::io::Result<()> {
    /// if let Ok(mut alarm) = Alarm::new(Instant::now()) {
    ///     alarm.reset(Instant::now() + Duration::from_secs(3600))?;
    ///     assert!(!alarm.is_elapsed());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of the kernel. There are none for an alarm that could be made.
    pub fn reset(&mut self, deadline: Instant<C>) -> io::Result<()> {
        if let Some(fd) = &self.fd {
            sys::set(fd, deadline.ns())?;
        }
        self.sleep.reset(deadline);
        self.sleep.set_virtual_alarm();
        Ok(())
    }
}

impl<C: AlarmClock> Future for Alarm<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        Pin::new(&mut self.sleep).poll(cx)
    }
}

impl<C: AlarmClock> fmt::Debug for Alarm<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Alarm").field("deadline", &self.deadline()).finish_non_exhaustive()
    }
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod sys {
    use crate::clock::ClockId;
    use crate::timer::set_timerfd;
    use rustix::io::Errno;
    use rustix::time::{TimerfdClockId, TimerfdFlags, timerfd_create};
    use std::io;
    use std::os::fd::OwnedFd;

    pub(super) fn create(clock: ClockId) -> io::Result<OwnedFd> {
        let alarm = match clock {
            ClockId::Realtime => TimerfdClockId::RealtimeAlarm,
            _ => TimerfdClockId::BoottimeAlarm,
        };
        timerfd_create(alarm, TimerfdFlags::CLOEXEC).map_err(|err| {
            let what = match err {
                Errno::PERM => {
                    "the process needs the capability CAP_WAKE_ALARM to wake a suspended machine (in a systemd \
                     unit: AmbientCapabilities=CAP_WAKE_ALARM)"
                }
                Errno::MFILE => "the process is at its limit of open fds (ulimit -n)",
                _ => "cannot set an alarm that wakes a suspended machine",
            };
            io::Error::new(io::Error::from(err).kind(), format!("{what} ({err})"))
        })
    }

    pub(super) fn set(fd: &OwnedFd, at: u64) -> io::Result<()> {
        set_timerfd(fd, false, at)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod sys {
    use crate::clock::ClockId;
    use std::io;
    use std::os::fd::OwnedFd;

    pub(super) fn create(_: ClockId) -> io::Result<OwnedFd> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "this system cannot be woken by an alarm"))
    }

    pub(super) fn set(_: &OwnedFd, _: u64) -> io::Result<()> {
        Ok(())
    }
}
