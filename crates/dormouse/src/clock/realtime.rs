//! The wall clock.

use super::Clock;
use crate::time::{AlignedInterval, Instant, Sleep, sleep_until};
use std::time::{Duration, SystemTime};

/// The wall clock, which people and other machines go by: `CLOCK_REALTIME`.
///
/// It counts the time that the machine is suspended, and **it is set now and then**, in either direction, by people
/// and by NTP. Sleeps follow: one that waits for noon is over at noon by the clock as it is then, however often it
/// is set meanwhile, and at once if it is set to past noon. So it is right for appointments, and wrong for
/// measuring. An [`Instant`] of it is a [`SystemTime`], and converts into one and back; times before 1970 are
/// taken for the beginning of 1970, and times after 2554 never come.
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
    /// The present time of day. [`Clock::now`] gives it as an [`Instant`].
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// println!("{:?} since 1970", Realtime::now().duration_since(std::time::UNIX_EPOCH));
    /// ```
    #[expect(
        clippy::same_name_method,
        reason = "what std calls a time of day is the better answer here"
    )]
    pub fn now() -> SystemTime {
        <Realtime as Clock>::now().into()
    }

    /// Waits until the wall clock shows `time`, however it is set meanwhile.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::time::Duration;
    /// dormouse::block_on(Realtime::sleep_until(Realtime::now() + Duration::from_millis(1)));
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the sleep cancels it, at the cost of no system call.
    ///
    /// # Accuracy
    /// Never early, by the wall clock. See [the module](crate::time#accuracy) for how late. Where the system has no
    /// timerfd, a clock that is set is noticed within a second.
    pub fn sleep_until(time: SystemTime) -> Sleep<Realtime> {
        sleep_until(time.into())
    }

    /// Ticks whenever the wall clock shows a multiple of `period` since 1970: each full minute, each full hour (UTC).
    ///
    /// The first tick is the first multiple that is not before now. What becomes of multiples that were missed, or
    /// come again because the clock was set, is up to
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
    /// That of a [`sleep_until`](Self::sleep_until) each. A day here has 86,400 seconds, as Unix time has it; midnight
    /// and full hours of another time zone are multiples only if its distance to UTC is.
    pub fn interval_aligned(period: Duration) -> AlignedInterval {
        AlignedInterval::new(period)
    }
}

/// Exact, but for times before 1970, which become its beginning, and after the year 2554, which become
/// [`Instant::FAR_FUTURE`].
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
