//! `Interval`: ticks at a fixed period.

use crate::clock::{Boottime, Clock, to_ns_saturating};
use crate::time::slack::Slack;
use crate::time::{Instant, Sleep, sleep_until};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// A tick that is late by more than this, or by more than the period if that is shorter, counts as missed. As in tokio.
const TOLERANCE: Duration = Duration::from_millis(5);

/// Ticks every `period` on the boot-time clock. The first tick is due at once. **The clock includes the time that the
/// machine is suspended**, and by default all ticks that were missed follow at once: with a tick each minute, 480 after a
/// night of 8 hours. Where one is enough, set [`Skip`](MissedTickBehavior::Skip), which keeps to full periods from the
/// start, or [`Delay`](MissedTickBehavior::Delay), which continues one period after the late tick.
///
/// ```
/// use dormouse::time::MissedTickBehavior;
/// use std::time::Duration;
///
/// dormouse::block_on(async {
///     let mut interval = dormouse::interval(Duration::from_millis(5));
///     interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
///     let first = interval.tick().await; // at once
///     let second = interval.tick().await;
///     assert_eq!(second - first, Duration::from_millis(5));
/// });
/// ```
///
/// On the [monotonic](crate::clock::Monotonic) clock, which stops during a suspend, no tick is missed because
/// of a suspend: see
/// [`Monotonic::interval`](crate::clock::Monotonic::interval).
/// A period of zero counts as 1 ns.
///
/// The same night in virtual time (feature `test-util`), with each behavior:
///
/// ```
/// # #[cfg(feature = "test-util")]
/// # fn main() {
/// use dormouse::time::{Instant, MissedTickBehavior};
/// use dormouse::{VirtualTime, interval};
/// use std::time::Duration;
///
/// const MINUTE: Duration = Duration::from_secs(60);
///
/// let ticks_after_a_night = |behavior| {
///     let time = VirtualTime::new();
///     time.block_on(async {
///         let mut interval = interval(MINUTE);
///         interval.set_missed_tick_behavior(behavior);
///         interval.tick().await;
///         time.suspend(8 * 60 * MINUTE);
///         let resumed = Instant::now();
///         let mut ticks = 0;
///         loop {
///             interval.tick().await;
///             if Instant::now() > resumed {
///                 return ticks;
///             }
///             ticks += 1;
///         }
///     })
/// };
/// assert_eq!(ticks_after_a_night(MissedTickBehavior::Burst), 480);
/// assert_eq!(ticks_after_a_night(MissedTickBehavior::Skip), 1);
/// assert_eq!(ticks_after_a_night(MissedTickBehavior::Delay), 1);
/// # }
/// # #[cfg(not(feature = "test-util"))]
/// # fn main() {}
/// ```
///
/// # Accuracy
/// Each tick is as accurate as a [`sleep`](crate::sleep()). The deadlines are multiples of the period from the start (until
/// `set_period`, and unless `Delay` is selected), so lateness does not accumulate.
#[doc(alias = "ticker")]
#[doc(alias = "every")]
#[track_caller]
pub fn interval(period: Duration) -> Interval {
    interval_at(Instant::now(), period)
}

/// Ticks at `start`, and every `period` from then on, on the clock that `start` is an instant of.
///
/// ```
/// use dormouse::{clock::Monotonic, interval_at};
/// use std::time::Duration;
///
/// dormouse::block_on(async {
///     let start = Monotonic::now() + Duration::from_millis(1);
///     let mut interval = interval_at(start, Duration::from_millis(5));
///     assert_eq!(interval.tick().await, start);
///     assert_eq!(interval.tick().await, start + Duration::from_millis(5));
/// });
/// ```
#[track_caller]
pub fn interval_at<C: Clock>(start: Instant<C>, period: Duration) -> Interval<C> {
    Interval {
        sleep: sleep_until(start),
        period: at_least_1_ns(period),
        missed: MissedTickBehavior::default(),
    }
}

fn at_least_1_ns(period: Duration) -> Duration {
    period.max(Duration::from_nanos(1))
}

/// What an [`Interval`] does when `tick` is called late.
///
/// With a period of 50 ms, a first tick at 0 ms, and the next call only at 130 ms:
///
/// | | ticks at |
/// |---|---|
/// | `Burst` | 130 (for 50), 130 (for 100), 150, 200, ... |
/// | `Delay` | 130 (for 50), 180, 230, ... |
/// | `Skip` | 130 (for 50), 150, 200, ... |
///
/// ```
/// use dormouse::time::MissedTickBehavior;
/// let mut interval = dormouse::interval(std::time::Duration::from_secs(1));
/// interval.set_missed_tick_behavior(MissedTickBehavior::Skip);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum MissedTickBehavior {
    /// Makes up for missed ticks as fast as `tick` is called, until it has caught up: also for those of a suspend, if the
    /// clock includes it.
    #[default]
    Burst,
    /// The next tick is due one period after the late tick.
    Delay,
    /// Skips missed ticks, and keeps to multiples of the period from the start.
    Skip,
}

impl MissedTickBehavior {
    fn next<C: Clock>(self, due: Instant<C>, now: Instant<C>, period: Duration) -> Instant<C> {
        match self {
            MissedTickBehavior::Burst => due + period,
            MissedTickBehavior::Delay => now + period,
            MissedTickBehavior::Skip => {
                let period_ns = to_ns_saturating(period);
                let past_a_multiple = (now.ns() - due.ns()) % period_ns;
                now + (period - Duration::from_nanos(past_a_multiple))
            }
        }
    }
}

/// Ticks at a fixed period. Returned by [`interval`] and [`interval_at`].
///
/// With the feature `stream`, it implements `futures_core::Stream`.
///
/// ```
/// use std::time::Duration;
///
/// dormouse::block_on(async {
///     let mut interval = dormouse::interval(Duration::from_millis(2));
///     for _ in 0..3 {
///         interval.tick().await;
///     }
/// });
/// ```
pub struct Interval<C: Clock = Boottime> {
    /// Until the next tick.
    sleep: Sleep<C>,
    period: Duration,
    missed: MissedTickBehavior,
}

impl<C: Clock> Interval<C> {
    /// Waits for the next tick. Returns the instant at which it was due.
    ///
    /// ```
    /// use std::time::Duration;
    /// dormouse::block_on(async {
    ///     let mut interval = dormouse::interval(Duration::from_millis(1));
    ///     interval.tick().await;
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, no tick is lost.
    pub fn tick(&mut self) -> impl Future<Output = Instant<C>> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_tick(cx))
    }

    /// As [`tick`](Self::tick), for manual implementations of `Future`.
    ///
    /// ```
    /// use std::{future::poll_fn, time::Duration};
    /// dormouse::block_on(async {
    ///     let mut interval = dormouse::interval(Duration::from_millis(1));
    ///     poll_fn(|cx| interval.poll_tick(cx)).await;
    /// });
    /// ```
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant<C>> {
        ready!(Pin::new(&mut self.sleep).poll(cx));
        let due = self.sleep.deadline();
        let now = self.sleep.now();
        let tolerance = TOLERANCE.min(self.period) + self.sleep.max_slack();
        let next = if now > due + tolerance {
            self.missed.next(due, now, self.period)
        } else {
            due + self.period
        };
        self.sleep.reset(next);
        Poll::Ready(due)
    }

    /// Allows each tick to be up to `slack` late: see [`Sleep::slack`]. Such a tick does not count as missed.
    ///
    /// ```
    /// use std::time::Duration;
    /// let poll = dormouse::interval(Duration::from_secs(60)).slack(Duration::from_secs(1));
    /// ```
    pub fn slack(mut self, slack: Duration) -> Interval<C> {
        self.sleep.set_slack(Slack::new(slack));
        self
    }

    /// Restarts the interval: the next tick is due one period from now.
    ///
    /// ```
    /// let mut interval = dormouse::interval(std::time::Duration::from_secs(1));
    /// interval.reset(); // the first tick comes in 1 s
    /// ```
    pub fn reset(&mut self) {
        self.reset_after(self.period);
    }

    /// Restarts the interval: the next tick is due now.
    ///
    /// ```
    /// let mut interval = dormouse::interval(std::time::Duration::from_secs(1));
    /// dormouse::block_on(interval.tick());
    /// interval.reset_immediately();
    /// dormouse::block_on(interval.tick());
    /// ```
    pub fn reset_immediately(&mut self) {
        self.reset_after(Duration::ZERO);
    }

    /// Restarts the interval: the next tick is due in `after`.
    ///
    /// ```
    /// use std::time::Duration;
    /// let mut interval = dormouse::interval(Duration::from_secs(1));
    /// interval.reset_after(Duration::from_millis(1));
    /// dormouse::block_on(interval.tick());
    /// ```
    pub fn reset_after(&mut self, after: Duration) {
        self.reset_at(self.sleep.now() + after);
    }

    /// Restarts the interval: the next tick is due at `at`.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// let mut interval = dormouse::interval(std::time::Duration::from_secs(1));
    /// interval.reset_at(Instant::now());
    /// dormouse::block_on(interval.tick());
    /// ```
    pub fn reset_at(&mut self, at: Instant<C>) {
        self.sleep.reset(at);
    }

    /// The time between two ticks.
    ///
    /// ```
    /// use std::time::Duration;
    /// assert_eq!(dormouse::interval(Duration::from_secs(1)).period(), Duration::from_secs(1));
    /// ```
    pub fn period(&self) -> Duration {
        self.period
    }

    /// Changes the period. The next tick stays due when it was due; the new period counts from that tick on. To count it
    /// from now, call [`reset`](Self::reset) afterwards. A period of zero counts as 1 ns.
    ///
    /// ```
    /// use std::time::Duration;
    /// dormouse::block_on(async {
    ///     let mut poll = dormouse::interval(Duration::from_secs(3600));
    ///     let first = poll.tick().await;
    ///     // There is news, so poll more often.
    ///     poll.set_period(Duration::from_millis(1));
    ///     poll.reset();
    ///     assert!(poll.tick().await < first + Duration::from_secs(3600));
    /// });
    /// ```
    pub fn set_period(&mut self, period: Duration) {
        self.period = at_least_1_ns(period);
    }

    /// What happens when `tick` is called late.
    ///
    /// ```
    /// use dormouse::time::MissedTickBehavior;
    /// let interval = dormouse::interval(std::time::Duration::from_secs(1));
    /// assert_eq!(interval.missed_tick_behavior(), MissedTickBehavior::Burst);
    /// ```
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Sets what happens when `tick` is called late: by more than 5 ms, or by more than the period if that is shorter.
    ///
    /// ```
    /// use dormouse::time::MissedTickBehavior;
    /// let mut interval = dormouse::interval(std::time::Duration::from_secs(1));
    /// interval.set_missed_tick_behavior(MissedTickBehavior::Delay);
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl<C: Clock> futures_core::Stream for Interval<C> {
    type Item = Instant<C>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Instant<C>>> {
        self.poll_tick(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl<C: Clock> fmt::Debug for Interval<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Interval")
            .field("next", &self.sleep.deadline())
            .field("period", &self.period)
            .field("missed_tick_behavior", &self.missed)
            .finish()
    }
}
