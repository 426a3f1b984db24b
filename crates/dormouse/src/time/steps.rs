//! Steps of the wall clock and resumes from suspend, as events.
//!
//! Each is a jump of the offset between two clocks. In both cases the kernel cancels the timers of the wall clock
//! (`TFD_TIMER_CANCEL_ON_SET`), and so the tasks of all sleeps on it are woken. So `changes` and `resumes` poll a sleep on
//! the wall clock that never completes, and measure the offset each time their task is woken. This needs no fd, and works
//! wherever a sleep does.
//!
//! # Invariants
//! - Each jump is followed by a measurement. A poll: (1) registers the sleep, (2) measures the offset. A jump:
//!   (1) changes the offset, (2) wakes the task of the sleep. So either the poll measures the new offset, or the jump
//!   wakes the task, which polls again.

use crate::clock::{ClockId, Realtime};
use crate::time::read_pair::{ACCEPTED_ERROR_NS, read_pair};
use crate::time::{Instant, Sleep, sleep_until};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Reports when the wall clock is set, from this call on.
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
/// The size of a step is as exact as two clocks can be read one after the other: to a microsecond or so on an idle
/// machine. Smaller steps are not reported, nor is slewing, with which NTP corrects small errors. Several steps in quick
/// succession can be reported as their sum, and not at all if they cancel out. If the process enters a time namespace,
/// the difference is reported at the next poll. It needs Linux and a timerfd; without them, nothing is reported.
pub fn changes() -> Changes {
    Changes(Jumps::new(ClockId::Realtime, ClockId::Boottime))
}

/// Reports when the machine resumes from suspend, from this call on.
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
/// The duration is how far the boot-time clock has moved ahead of the monotonic one. If the machine is suspended again
/// before the first resume is polled, the sum is reported. If the process enters a time namespace in which the boot-time
/// clock is further ahead, the next poll reports that as a resume. It needs Linux and a timerfd; without them, nothing is
/// reported.
pub fn resumes() -> Resumes {
    Resumes(Jumps::new(ClockId::Boottime, ClockId::Monotonic))
}

/// How far the wall clock was set, and in which direction: see [`changes`].
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
    /// Set forward: some times were skipped.
    Forward(Duration),
    /// Set back: some times are repeated.
    Back(Duration),
}

/// Reports when the wall clock is set. Returned by [`changes`]. With the feature `stream`, it implements `futures_core::Stream`.
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
    ///     // Most likely the clock is not set within this time.
    ///     if let Ok(step) = timeout(Duration::from_millis(1), changes.change()).await {
    ///         println!("{step:?}");
    ///     }
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, no change is lost.
    pub fn change(&mut self) -> impl Future<Output = Step> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_change(cx))
    }

    /// As [`change`](Self::change), for manual implementations of `Future`.
    ///
    /// ```
    /// use dormouse::clock;
    /// use std::task::{Context, Waker};
    /// let mut changes = clock::changes();
    /// assert!(changes.poll_change(&mut Context::from_waker(Waker::noop())).is_pending());
    /// ```
    pub fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Step> {
        self.0.poll(cx).map(|by| match by {
            0.. => Step::Forward(magnitude(by)),
            _ => Step::Back(magnitude(by)),
        })
    }
}

/// Reports when the machine resumes. Returned by [`resumes`]. With the feature `stream`, it implements `futures_core::Stream`.
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
    /// Waits for the next resume. Returns how long the machine was suspended.
    ///
    /// ```
    /// use dormouse::{clock, timeout};
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     let mut resumes = clock::resumes();
    ///     // Most likely the machine is not suspended within this time.
    ///     if let Ok(slept) = timeout(Duration::from_millis(1), resumes.resume()).await {
    ///         println!("{slept:?}");
    ///     }
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, no resume is lost.
    pub fn resume(&mut self) -> impl Future<Output = Duration> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_resume(cx))
    }

    /// As [`resume`](Self::resume), for manual implementations of `Future`.
    ///
    /// ```
    /// use dormouse::clock;
    /// use std::task::{Context, Waker};
    /// let mut resumes = clock::resumes();
    /// assert!(resumes.poll_resume(&mut Context::from_waker(Waker::noop())).is_pending());
    /// ```
    pub fn poll_resume(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        match self.0.poll(cx) {
            Poll::Ready(by @ 0..) => Poll::Ready(magnitude(by)),
            // The boot-time clock falls behind the monotonic one only if the process has entered a time namespace.
            _ => Poll::Pending,
        }
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

/// The size of a jump in either direction.
fn magnitude(by: i128) -> Duration {
    Duration::from_nanos(u64::try_from(by.unsigned_abs()).unwrap_or(u64::MAX))
}

/// Detects jumps of the offset between two clocks.
#[derive(Debug)]
struct Jumps {
    clock: ClockId,
    reference: ClockId,
    known: Offset,
    sleep: Sleep<Realtime>,
}

/// How far `clock` is ahead of `reference`. (In an i128, since a wall clock in virtual time can be set to after 2262, for
/// which an i64 of ns is too small.)
#[derive(Clone, Copy, Debug)]
struct Offset {
    ns: i128,
    /// The error of `ns`, since two clocks cannot be read at the same time.
    error_ns: i128,
}

impl Jumps {
    fn new(clock: ClockId, reference: ClockId) -> Jumps {
        // Not `FAR_FUTURE`: a sleep until then needs no timerfd, so there would be none for a step to cancel.
        let mut jumps = Jumps {
            clock,
            reference,
            known: Offset { ns: 0, error_ns: 0 },
            sleep: sleep_until(Instant::from_ns(u64::MAX - 1)),
        };
        jumps.known = jumps.measure();
        jumps
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<i128> {
        let _never = Pin::new(&mut self.sleep).poll(cx);
        let now = self.measure();
        let by = now.ns - self.known.ns;
        if by.abs() <= now.error_ns + self.known.error_ns {
            return Poll::Pending;
        }
        self.known = now;
        Poll::Ready(by)
    }

    fn measure(&self) -> Offset {
        let (error, ns) = read_pair(|| {
            let before = self.sleep.now_ns(self.reference);
            let clock = self.sleep.now_ns(self.clock);
            let error = self.sleep.now_ns(self.reference).saturating_sub(before);
            (error, i128::from(clock) - i128::from(before) - i128::from(error / 2))
        });
        Offset { ns, error_ns: i128::from(error) + i128::from(ACCEPTED_ERROR_NS) }
    }
}
