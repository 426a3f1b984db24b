//! `Alarm`: a sleep that wakes a suspended machine.
//!
//! It has two parts. A timerfd on `CLOCK_BOOTTIME_ALARM` or `CLOCK_REALTIME_ALARM` wakes the machine: it is set, and never
//! read. An ordinary [`Sleep`] wakes the task: by the time that the machine has resumed, its deadline has passed. So the
//! timerfd needs no reactor, and an alarm works wherever a sleep does.

#[cfg_attr(
    all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)),
    path = "alarm/linux.rs"
)]
#[cfg_attr(
    any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
    path = "alarm/absent.rs"
)]
mod sys;

use crate::clock::{Boottime, Clock, Realtime};
use crate::time::{Instant, Sleep, sleep_until};
use std::fmt;
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits until a deadline, and **wakes the machine for it** if it is suspended then.
///
/// It needs the capability `CAP_WAKE_ALARM`, and holds a file descriptor until it is dropped. The machine needs a
/// real-time clock that can wake it, as nearly all have.
///
/// Use it sparingly. For nearly every purpose a [`Sleep`] is enough, which completes after the resume if its deadline
/// has passed.
///
/// ```
/// use dormouse::time::{Alarm, Instant};
/// use std::io::ErrorKind::{PermissionDenied, Unsupported};
/// use std::time::Duration;
///
/// # fn main() -> std::io::Result<()> {
/// # dormouse::block_on(async {
/// match Alarm::new(Instant::now() + Duration::from_millis(5)) {
///     Ok(alarm) => alarm.await, // then make a backup, for example, and suspend again
///     Err(err) if matches!(err.kind(), PermissionDenied | Unsupported) => println!("{err}"),
///     Err(err) => return Err(err),
/// }
/// # Ok(())
/// # })
/// # }
/// ```
///
/// # Cancel safety
/// Dropping the alarm cancels it. Polling `&mut alarm` in a `select!` loses nothing: the deadline stays.
///
/// # Accuracy
/// That of a sleep, once the machine has resumed. The real-time clocks of many machines count whole seconds. If the
/// process enters another time namespace, the machine is still woken by the former clock; [`reset`](Self::reset) sets the
/// alarm by the new one.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Alarm<C: AlarmClock = Boottime> {
    sleep: Sleep<C>,
    /// The timerfd that wakes the machine. `None` in virtual time, where the timer slot of `sleep` wakes it.
    fd: Option<sys::AlarmFd>,
}

/// A clock on which the kernel can wake a suspended machine: [`Boottime`] or [`Realtime`].
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
    /// Sets an alarm on the clock that `deadline` is an instant of.
    ///
    /// ```
    /// use dormouse::{clock::Realtime, time::Alarm};
    /// use std::{io, time::Duration};
    ///
    /// async fn backup() -> io::Result<()> {
    ///     Alarm::new(Realtime::now() + Duration::from_millis(1))?.await;
    ///     Ok(())
    /// }
    /// # let _ = dormouse::block_on(backup());
    /// ```
    ///
    /// # Errors
    /// `PermissionDenied` if the process does not have the capability `CAP_WAKE_ALARM`; `Unsupported` if the system is
    /// not Linux; and an error if the process is at its limit of open fds.
    #[track_caller]
    pub fn new(deadline: Instant<C>) -> io::Result<Alarm<C>> {
        let mut sleep = sleep_until(deadline);
        if sleep.set_virtual_alarm() {
            return Ok(Alarm { sleep, fd: None });
        }
        let fd = sys::create(C::ID)?;
        sys::set(&fd, deadline.ns())?;
        Ok(Alarm { sleep, fd: Some(fd) })
    }

    /// The instant at which it completes.
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

    /// Moves the deadline. An alarm that has completed can be awaited again.
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
    /// Those of `timerfd_settime`. None is known for an alarm that could be created.
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
