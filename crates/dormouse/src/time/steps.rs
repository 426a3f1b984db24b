//! Who sets the wall clock, and when the machine was suspended, as events.
//!
//! Both are seen as a jump of the distance between two clocks, and both make the kernel cancel timers of the wall
//! clock (`TFD_TIMER_CANCEL_ON_SET`), which wakes all that sleep by it. So to wait for one is to sleep by the wall
//! clock until the end of time, and to look at the distance whenever that is woken. It needs no fd of its own,
//! works on every executor, and survives what sleeps survive.
//!
//! # Invariants
//! - The distance is read after the sleep has been registered. So a jump before that is seen, and one after it
//!   wakes.

use crate::clock::{ClockId, Realtime};
use crate::time::at_once::{GOOD_NS, at_once};
use crate::time::{Instant, Sleep, sleep_until};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Waits for the wall clock to be set.
///
/// From now on: what happened before this call is not told.
///
/// ```
/// use dormouse::clock::{self, Step};
///
/// # async fn watch() {
/// let mut changes = clock::changes();
/// loop {
///     match changes.change().await {
///         Step::Forward(by) => println!("the wall clock was set forward by {by:?}"),
///         Step::Back(by) => println!("the wall clock was set back by {by:?}"),
///     }
/// }
/// # }
/// ```
///
/// # Accuracy
/// A step is told with its size, exact to what reading two clocks one after the other allows, a microsecond or so on
/// an idle machine. Smaller steps are not told, nor is slewing, by which NTP corrects small errors. Several steps at
/// once may be told as their sum; steps that cancel each other out, not at all. It needs Linux and a timerfd; without,
/// nothing is told.
pub fn changes() -> Changes {
    Changes(Jumps::new(ClockId::Realtime, ClockId::Boottime))
}

/// Waits for the machine to come back from suspend.
///
/// From now on: what happened before this call is not told.
///
/// ```
/// # async fn reconnect() {}
/// # async fn watch() {
/// let mut resumes = dormouse::clock::resumes();
/// loop {
///     let slept = resumes.resume().await;
///     println!("the machine was suspended for {slept:?}");
///     reconnect().await;
/// }
/// # }
/// ```
///
/// # Accuracy
/// The time is by how much the boot-time clock got ahead of the monotonic one. If the machine is suspended again before
/// the first resume is taken, the sum is told. It needs Linux and a timerfd; without, nothing is told.
pub fn resumes() -> Resumes {
    Resumes(Jumps::new(ClockId::Boottime, ClockId::Monotonic))
}

/// By how much the wall clock was set, and in which direction: see [`changes`].
///
/// ```
/// use dormouse::clock::Step;
/// use std::time::Duration;
///
/// fn matters(step: Step) -> bool {
///     let (Step::Forward(by) | Step::Back(by)) = step;
///     by > Duration::from_secs(1)
/// }
/// assert!(matters(Step::Back(Duration::from_secs(3600))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Forward: times were left out.
    Forward(Duration),
    /// Back: times come again.
    Back(Duration),
}

/// Made by [`changes`]. A `Stream` too, with the feature `stream`.
///
/// ```
/// use dormouse::clock::{Changes, changes};
/// struct Schedule {
///     clock_is_set: Changes,
/// }
/// let schedule = Schedule { clock_is_set: changes() };
/// # let _ = schedule.clock_is_set;
/// ```
#[derive(Debug)]
pub struct Changes(Jumps);

impl Changes {
    /// Waits for the next change.
    ///
    /// ```
    /// use dormouse::{clock, timeout};
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     let mut changes = clock::changes();
    ///     // Nobody sets it just now, most likely.
    ///     if let Ok(step) = timeout(Duration::from_millis(1), changes.change()).await {
    ///         println!("{step:?}");
    ///     }
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn change(&mut self) -> impl Future<Output = Step> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_change(cx))
    }

    /// [`change`](Self::change), for futures written by hand.
    ///
    /// ```
    /// use dormouse::clock;
    /// use std::task::{Context, Waker};
    /// let mut changes = clock::changes();
    /// assert!(changes.poll_change(&mut Context::from_waker(Waker::noop())).is_pending());
    /// ```
    pub fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        self.0.poll(cx).map(|by| match by {
            0.. => Step::Forward(length(by)),
            _ => Step::Back(length(by)),
        })
    }
}

/// Made by [`resumes`]. A `Stream` too, with the feature `stream`.
///
/// ```
/// use dormouse::clock::{Resumes, resumes};
/// struct Connection {
///     machine_is_back: Resumes,
/// }
/// let connection = Connection { machine_is_back: resumes() };
/// # let _ = connection.machine_is_back;
/// ```
#[derive(Debug)]
pub struct Resumes(Jumps);

impl Resumes {
    /// Waits for the next resume, and says how long the machine was suspended.
    ///
    /// ```
    /// use dormouse::{clock, timeout};
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     let mut resumes = clock::resumes();
    ///     // The machine is not suspended just now, most likely.
    ///     if let Ok(slept) = timeout(Duration::from_millis(1), resumes.resume()).await {
    ///         println!("{slept:?}");
    ///     }
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// Nothing is lost.
    pub fn resume(&mut self) -> impl Future<Output = Duration> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_resume(cx))
    }

    /// [`resume`](Self::resume), for futures written by hand.
    ///
    /// ```
    /// use dormouse::clock;
    /// use std::task::{Context, Waker};
    /// let mut resumes = clock::resumes();
    /// assert!(resumes.poll_resume(&mut Context::from_waker(Waker::noop())).is_pending());
    /// ```
    pub fn poll_resume(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        // The boot-time clock does not fall behind.
        self.0.poll(cx).map(length)
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for Changes {
    type Item = Step;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Step>> {
        self.poll_change(cx).map(Some)
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for Resumes {
    type Item = Duration;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Duration>> {
        self.poll_resume(cx).map(Some)
    }
}

/// How long a jump is, forward or back.
fn length(by: i128) -> Duration {
    Duration::from_nanos(u64::try_from(by.unsigned_abs()).unwrap_or(u64::MAX))
}

/// Jumps of the distance between two clocks.
#[derive(Debug)]
struct Jumps {
    clock: ClockId,
    reference: ClockId,
    known: Distance,
    sleep: Sleep<Realtime>,
}

/// How far `clock` is ahead of `reference`, in ns. (Which is more than an i64 holds if a wall clock in virtual time is
/// set to after 2262.)
#[derive(Clone, Copy, Debug)]
struct Distance {
    ns: i128,
    /// By how much that may be wrong, because no two clocks can be read at once.
    error: i128,
}

impl Jumps {
    fn new(clock: ClockId, reference: ClockId) -> Jumps {
        // Not the far future, which needs no alarm.
        let mut jumps = Jumps {
            clock,
            reference,
            known: Distance { ns: 0, error: 0 },
            sleep: sleep_until(Instant::from_ns(u64::MAX - 1)),
        };
        jumps.known = jumps.measure();
        jumps
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<i128> {
        let _never = Pin::new(&mut self.sleep).poll(cx);
        let now = self.measure();
        let by = now.ns - self.known.ns;
        if by.abs() <= now.error + self.known.error {
            return Poll::Pending;
        }
        self.known = now;
        Poll::Ready(by)
    }

    fn measure(&self) -> Distance {
        let (error, ns) = at_once(|| {
            let before = self.sleep.read(self.reference);
            let clock = self.sleep.read(self.clock);
            let error = self.sleep.read(self.reference).saturating_sub(before);
            (error, i128::from(clock) - i128::from(before) - i128::from(error / 2))
        });
        Distance { ns, error: i128::from(error) + i128::from(GOOD_NS) }
    }
}
