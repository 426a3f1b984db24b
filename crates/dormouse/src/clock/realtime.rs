//! The wall clock, and its conversions from and into `SystemTime`.

use super::Clock;
use crate::time::{AlignedInterval, Instant, Sleep, sleep_until};
use std::time::{Duration, SystemTime};

/// The wall clock, that is, the time of day: `CLOCK_REALTIME`.
///
/// It counts the time that the machine is suspended, and **it can be set** at any time, forward or back, by the user or
/// by NTP. Sleeps follow it: a sleep until noon completes at noon by the clock as it is set then, and at once if the
/// clock is set to past noon. So use it for times of day, and not to measure durations.
///
/// An [`Instant`] of this clock converts into a [`SystemTime`] and back. A time before 1970 becomes the start of 1970,
/// and a time after 2554 never comes.
///
/// ```
/// use dormouse::clock::Realtime;
/// use std::time::{Duration, SystemTime};
///
/// # fn an_hour_to_go() -> SystemTime { SystemTime::now() + Duration::from_millis(1) }
/// dormouse::block_on(async {
///     let noon: SystemTime = an_hour_to_go();
///     Realtime::sleep_until(noon).await;
///     assert!(Realtime::now() >= noon);
/// });
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Realtime;

impl Clock for Realtime {}

impl Realtime {
    /// The present time of day. [`Clock::now`] returns it as an [`Instant`].
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// println!("{:?} since 1970", Realtime::now().duration_since(std::time::UNIX_EPOCH));
    /// ```
    #[expect(
        clippy::same_name_method,
        reason = "for a time of day, the type of std is more useful"
    )]
    pub fn now() -> SystemTime {
        <Realtime as Clock>::now().into()
    }

    /// Waits until the wall clock shows `time`, even if the clock is set meanwhile.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::time::Duration;
    /// dormouse::block_on(Realtime::sleep_until(Realtime::now() + Duration::from_millis(1)));
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the sleep cancels it, without a system call.
    ///
    /// # Accuracy
    /// Never early by the wall clock. See [the module](crate::time#accuracy) for how late. On a system without timerfd,
    /// the sleep notices within a second that the clock was set.
    pub fn sleep_until(time: SystemTime) -> Sleep<Realtime> {
        sleep_until(time.into())
    }

    /// Ticks when the wall clock shows a multiple of `period` since 1970: each full minute, for example, or each full
    /// hour (UTC).
    ///
    /// The first tick is the first multiple that is not before now. What happens to multiples that were missed, or that
    /// the clock shows again because it was set back, depends on the
    /// [`MissedTickBehavior`](crate::time::MissedTickBehavior): see [`AlignedInterval`].
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// dormouse::block_on(async {
    ///     let mut tick = Realtime::interval_aligned(Duration::from_millis(10));
    ///     let at = tick.tick().await;
    ///     assert_eq!(at.duration_since(UNIX_EPOCH).unwrap().as_nanos() % 10_000_000, 0);
    /// });
    /// ```
    ///
    /// # Accuracy
    /// Each tick is as accurate as a [`sleep_until`](Self::sleep_until). A day has 86,400 seconds, as in Unix time.
    /// Midnight and the full hours of another time zone are multiples only if its offset from UTC is a multiple.
    pub fn interval_aligned(period: Duration) -> AlignedInterval {
        AlignedInterval::new(period)
    }
}

/// Exact, except that a time before 1970 becomes the start of 1970, and one after 2554 becomes [`Instant::FAR_FUTURE`].
impl From<SystemTime> for Instant<Realtime> {
    fn from(time: SystemTime) -> Instant<Realtime> {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => Instant::from_ns(0) + since,
            Err(_) => Instant::from_ns(0),
        }
    }
}

/// Exact.
impl From<Instant<Realtime>> for SystemTime {
    fn from(instant: Instant<Realtime>) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(instant.ns())
    }
}
