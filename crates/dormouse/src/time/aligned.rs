//! Ticks at round times of the wall clock.
//!
//! # Invariants
//! - While it waits, it sleeps until the first multiple that is to tick, by the wall clock. When that is set, the
//!   sleep's task is woken, and the interval looks at the clock anew.
//! - It looks for a step back after the sleep has been registered, too. So a step before that is seen, and one after it
//!   wakes.
//! - A multiple ticks once; again only if the clock was set back to before it, and repeated ones are wanted.

use crate::clock::Realtime;
use crate::time::{Instant, MissedTickBehavior, Sleep, sleep_until, to_ns};
use std::fmt;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::{Duration, SystemTime};

/// Ticks whenever the wall clock shows a multiple of a period: made by
/// [`Realtime::interval_aligned`].
///
/// Each multiple ticks once, when the wall clock comes to it. What if the clock is set, or the tick was asked for
/// late, is up to the [`MissedTickBehavior`]:
///
/// | | multiples that were left out (the clock was set forward, the machine was suspended, nobody asked) | multiples that come again (the clock was set back) |
/// |---|---|---|
/// | [`Skip`](MissedTickBehavior::Skip), the default | one tick, for the last of them | no tick: each once |
/// | [`Burst`](MissedTickBehavior::Burst) | a tick for each, as fast as they are asked for | no tick: each once |
/// | [`Delay`](MissedTickBehavior::Delay) | one tick, for the last of them | they tick again |
///
/// So with `Skip` and `Burst` a clock that is set back by an hour means an hour without a tick. If that is not
/// wanted, use `Delay`, which goes by what the clock shows, or call [`reset`](Self::reset).
///
/// ```
/// use dormouse::clock::Realtime;
/// use std::time::Duration;
///
/// # async fn write_statistics(_: std::time::SystemTime) {}
/// # async fn statistics() {
/// let mut full_minute = Realtime::interval_aligned(Duration::from_secs(60));
/// loop {
///     write_statistics(full_minute.tick().await).await;
/// }
/// # }
/// ```
pub struct AlignedInterval {
    /// Until the next multiple.
    sleep: Sleep<Realtime>,
    period: Duration,
    missed: MissedTickBehavior,
    /// The multiple that has ticked last, or the one before the first.
    last: Instant<Realtime>,
}

impl AlignedInterval {
    pub(crate) fn new(period: Duration) -> AlignedInterval {
        let mut interval = AlignedInterval {
            sleep: sleep_until(Instant::FAR_FUTURE),
            period: period.max(Duration::from_nanos(1)),
            missed: MissedTickBehavior::Skip,
            last: Instant::from_ns(0),
        };
        interval.reset();
        interval
    }

    /// Waits for the next tick, and returns the multiple that it is for.
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
    /// Dropped before it completes, no tick is lost.
    pub fn tick(&mut self) -> impl Future<Output = SystemTime> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_tick(cx))
    }

    /// [`tick`](Self::tick), for futures written by hand.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::{future::poll_fn, time::Duration};
    /// dormouse::block_on(async {
    ///     let mut tick = Realtime::interval_aligned(Duration::from_millis(1));
    ///     poll_fn(|cx| tick.poll_tick(cx)).await;
    /// });
    /// ```
    pub fn poll_tick(&mut self, cx: &mut Context<'_>) -> Poll<SystemTime> {
        let polled = loop {
            if self.is_to_start_anew() {
                self.reset();
            }
            let polled = Pin::new(&mut self.sleep).poll(cx);
            if !self.is_to_start_anew() {
                break polled;
            }
        };
        ready!(polled);
        let multiple = match self.missed {
            MissedTickBehavior::Burst => self.sleep.deadline(),
            MissedTickBehavior::Skip | MissedTickBehavior::Delay => {
                // The sleep has seen the clock at its deadline; it may have been set back this moment.
                multiple_until(self.sleep.now(), self.period).max(self.sleep.deadline())
            }
        };
        self.last = multiple;
        self.sleep.reset(multiple + self.period);
        Poll::Ready(multiple.into())
    }

    /// Forgets which multiples have ticked, and goes by what the clock shows now.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// let mut full_hour = Realtime::interval_aligned(std::time::Duration::from_secs(3600));
    /// full_hour.reset(); // the clock was set, and is believed now
    /// ```
    pub fn reset(&mut self) {
        let next = multiple_from(self.sleep.now(), self.period);
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

    /// What happens to multiples that were left out, or come again.
    ///
    /// ```
    /// use dormouse::{clock::Realtime, time::MissedTickBehavior};
    /// let full_hour = Realtime::interval_aligned(std::time::Duration::from_secs(3600));
    /// assert_eq!(full_hour.missed_tick_behavior(), MissedTickBehavior::Skip);
    /// ```
    pub fn missed_tick_behavior(&self) -> MissedTickBehavior {
        self.missed
    }

    /// Says what is to happen to multiples that were left out, or come again: see [the type](Self).
    ///
    /// ```
    /// use dormouse::{clock::Realtime, time::MissedTickBehavior};
    /// let mut full_hour = Realtime::interval_aligned(std::time::Duration::from_secs(3600));
    /// full_hour.set_missed_tick_behavior(MissedTickBehavior::Delay);
    /// ```
    pub fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        self.missed = behavior;
    }

    /// Whether the clock was set back to before what has ticked, and that matters.
    fn is_to_start_anew(&self) -> bool {
        self.missed == MissedTickBehavior::Delay && self.sleep.now() < self.last
    }
}

/// The first multiple that is not before `time`.
fn multiple_from(time: Instant<Realtime>, period: Duration) -> Instant<Realtime> {
    let before = multiple_until(time, period);
    if before == time { time } else { before + period }
}

/// The last multiple that is not after `time`.
fn multiple_until(time: Instant<Realtime>, period: Duration) -> Instant<Realtime> {
    Instant::from_ns(time.ns() - time.ns() % to_ns(period).unwrap_or(u64::MAX))
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for AlignedInterval {
    type Item = SystemTime;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<SystemTime>> {
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
