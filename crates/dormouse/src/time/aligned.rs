//! Ticks at the multiples of a period on the wall clock.
//!
//! # Invariants
//! - A pending interval waits for a wall-clock sleep until the next multiple that is to tick. A step of the clock wakes
//!   the task of the sleep, and the poll reads the clock again.
//! - With `Delay`, each step back is noticed. A poll: (1) registers the sleep, (2) reads the clock. A step: (1) sets the
//!   clock, (2) wakes the tasks of wall-clock sleeps. So either the poll reads the new time, or the step wakes the task,
//!   which polls again.
//! - A multiple ticks once. It ticks again only after [`reset`](AlignedInterval::reset), or with `Delay` after the clock
//!   was set back to before it.

use crate::clock::{Realtime, to_ns_saturating};
use crate::time::{Instant, MissedTickBehavior, Sleep, sleep_until};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

impl Realtime {
    /// Ticks when the wall clock shows a multiple of `period` since 1970: each full minute, for example, or each full
    /// hour (UTC).
    ///
    /// The first tick is the first multiple that is not before now. What happens to multiples that were missed, or that
    /// the clock shows again because it was set back, depends on the [`MissedTickBehavior`]: see [`AlignedInterval`].
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// dormouse::block_on(async {
    ///     let mut tick = Realtime::interval_aligned(Duration::from_millis(10));
    ///     let at = tick.tick().await;
    ///     assert_eq!(at.duration_since(UNIX_EPOCH.into()).as_nanos() % 10_000_000, 0);
    /// });
    /// ```
    ///
    /// # Accuracy
    /// Each tick is as accurate as a [`sleep_until`](Self::sleep_until). A day has 86,400 seconds, as in Unix time.
    /// Midnight and the full hours of another time zone are multiples only if its offset from UTC is a multiple.
    #[doc(alias = "cron")]
    #[track_caller]
    pub fn interval_aligned(period: Duration) -> AlignedInterval {
        AlignedInterval::new(period)
    }
}

/// Ticks when the wall clock shows a multiple of a period. Returned by [`Realtime::interval_aligned`].
///
/// Each multiple ticks once, when the wall clock reaches it. The [`MissedTickBehavior`] decides what happens if the
/// clock is set, or if `tick` is called late:
///
/// | | missed multiples (the clock was set forward, the machine was suspended, `tick` was called late) | repeated multiples (the clock was set back) |
/// |---|---|---|
/// | [`Skip`](MissedTickBehavior::Skip), the default | one tick, for the last of them | no tick |
/// | [`Burst`](MissedTickBehavior::Burst) | a tick for each, as fast as `tick` is called | no tick |
/// | [`Delay`](MissedTickBehavior::Delay) | one tick, for the last of them | each ticks again |
///
/// So with `Skip` and `Burst`, there is no tick for an hour after the clock was set back by an hour. To avoid that, use
/// `Delay`, or call [`reset`](Self::reset).
///
/// ```
/// use dormouse::clock::Realtime;
/// use std::time::Duration;
///
/// # use dormouse::time::Instant;
/// # async fn write_statistics(_: Instant<Realtime>) {}
/// # async fn statistics() {
/// let mut full_minute = Realtime::interval_aligned(Duration::from_secs(60));
/// loop {
///     write_statistics(full_minute.tick().await).await;
/// }
/// # }
/// ```
pub struct AlignedInterval {
    /// Until the next multiple that is to tick.
    sleep: Sleep<Realtime>,
    period: Duration,
    missed: MissedTickBehavior,
    /// The multiple that ticked last, or the one before the first.
    last: Instant<Realtime>,
}

impl AlignedInterval {
    #[track_caller]
    fn new(period: Duration) -> AlignedInterval {
        let mut interval = AlignedInterval {
            sleep: sleep_until(Instant::FAR_FUTURE),
            period: period.max(Duration::from_nanos(1)),
            missed: MissedTickBehavior::Skip,
            last: Instant::from_ns(0),
        };
        interval.reset();
        interval
    }

    /// Waits for the next tick. Returns the multiple that it is for.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::time::Duration;
    /// dormouse::block_on(async {
    ///     let mut tick = Realtime::interval_aligned(Duration::from_millis(2));
    ///     let (first, second) = (tick.tick().await, tick.tick().await);
    ///     assert!(second > first);
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, no tick is lost.
    pub fn tick(&mut self) -> impl Future<Output = Instant<Realtime>> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_tick(cx))
    }

    /// As [`tick`](Self::tick), for manual implementations of `Future`.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::{future::poll_fn, time::Duration};
    /// dormouse::block_on(async {
    ///     let mut tick = Realtime::interval_aligned(Duration::from_millis(1));
    ///     poll_fn(|cx| tick.poll_tick(cx)).await;
    /// });
    /// ```
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<Instant<Realtime>> {
        let polled = loop {
            if self.must_restart() {
                self.reset();
            }
            let polled = Pin::new(&mut self.sleep).poll(cx);
            if !self.must_restart() {
                break polled;
            }
        };
        ready!(polled);
        let multiple = match self.missed {
            MissedTickBehavior::Burst => self.sleep.deadline(),
            MissedTickBehavior::Skip | MissedTickBehavior::Delay => {
                // The clock was at the deadline when the sleep read it, and may have been set back since.
                floor_to_multiple(self.sleep.now(), self.period).max(self.sleep.deadline())
            }
        };
        self.last = multiple;
        self.sleep.reset(multiple + self.period);
        Poll::Ready(multiple)
    }

    /// Forgets which multiples have ticked. The next tick is the first multiple that is not before now.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// let mut full_hour = Realtime::interval_aligned(std::time::Duration::from_secs(3600));
    /// full_hour.reset(); // after the clock was set back
    /// ```
    pub fn reset(&mut self) {
        let next = ceil_to_multiple(self.sleep.now(), self.period);
        self.last = next - self.period;
        self.sleep.reset(next);
    }

    /// The time between two multiples.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::time::Duration;
    /// let full_hour = Realtime::interval_aligned(Duration::from_secs(3600));
    /// assert_eq!(full_hour.period(), Duration::from_secs(3600));
    /// ```
    pub fn period(&self) -> Duration {
        self.period
    }

    /// What happens to multiples that are missed or repeated.
    ///
    /// ```
    /// use dormouse::{clock::Realtime, time::MissedTickBehavior};
    /// let full_hour = Realtime::interval_aligned(std::time::Duration::from_secs(3600));
    /// assert_eq!(full_hour.missed_tick_behavior(), MissedTickBehavior::Skip);
    /// ```
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Sets what happens to multiples that are missed or repeated: see [the type](Self).
    ///
    /// ```
    /// use dormouse::{clock::Realtime, time::MissedTickBehavior};
    /// let mut full_hour = Realtime::interval_aligned(std::time::Duration::from_secs(3600));
    /// full_hour.set_missed_tick_behavior(MissedTickBehavior::Delay);
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// Whether the clock was set back to before the last tick, and repeated multiples are to tick again.
    fn must_restart(&self) -> bool {
        self.missed == MissedTickBehavior::Delay && self.sleep.now() < self.last
    }
}

/// The first multiple that is not before `time`.
fn ceil_to_multiple(time: Instant<Realtime>, period: Duration) -> Instant<Realtime> {
    let before = floor_to_multiple(time, period);
    if before == time { time } else { before + period }
}

/// The last multiple that is not after `time`.
fn floor_to_multiple(time: Instant<Realtime>, period: Duration) -> Instant<Realtime> {
    Instant::from_ns(time.ns() - time.ns() % to_ns_saturating(period))
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for AlignedInterval {
    type Item = Instant<Realtime>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Instant<Realtime>>> {
        self.poll_tick(cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

impl fmt::Debug for AlignedInterval {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AlignedInterval")
            .field("next", &self.sleep.deadline())
            .field("period", &self.period)
            .field("missed_tick_behavior", &self.missed)
            .finish()
    }
}
