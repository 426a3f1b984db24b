//! Steps of the wall clock and resumes from suspend, as events.
//!
//! Each is a jump of the offset between two clocks. In both cases the kernel cancels the timers of the wall clock
//! (`TFD_TIMER_CANCEL_ON_SET`), and so the tasks of all sleeps on it are woken. So both types poll a sleep on the wall
//! clock that never completes, and measure the offset each time their task is woken. This needs no fd, and works wherever
//! a sleep does.
//!
//! # Invariants
//! - Each jump is followed by a measurement. A poll: (1) registers the sleep, (2) measures the offset. A jump:
//!   (1) changes the offset, (2) wakes the task of the sleep. So either the poll measures the new offset, or the jump
//!   wakes the task, which polls again.

use crate::clock::{ClockId, Offset, Realtime};
use crate::time::{Instant, Sleep, sleep_until};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Reports when the wall clock is set. With the feature `stream`, it implements `futures_core::Stream`.
///
/// ```
/// use dormouse::time::{WallClockChange, WallClockChanges};
///
/// # async fn watch() {
/// let mut changes = WallClockChanges::new();
/// loop {
///     match changes.next().await {
///         WallClockChange::Forward(by) => println!("the wall clock was set forward by {by:?}"),
///         WallClockChange::Back(by) => println!("the wall clock was set back by {by:?}"),
///     }
/// }
/// # }
/// ```
///
/// # Accuracy
/// The size of a step is as exact as two clocks can be read one after the other: to a microsecond or so on an idle
/// machine. Smaller steps are not reported, nor is slewing, with which NTP corrects small errors. Several steps in quick
/// succession can be reported as their sum, and not at all if they cancel out. If the process enters a time namespace,
/// the difference is reported at the next poll. It needs Linux and a timerfd; without them, nothing is reported. In a
/// browser, the clocks are compared each second, and steps of less than 200 ms are not reported.
#[derive(Debug)]
pub struct WallClockChanges(Jumps);

impl WallClockChanges {
    /// Reports changes from this call on.
    ///
    /// ```
    /// use dormouse::time::WallClockChanges;
    /// struct Schedule {
    ///     changes: WallClockChanges,
    /// }
    /// let schedule = Schedule { changes: WallClockChanges::new() };
    /// # let _ = schedule.changes;
    /// ```
    pub fn new() -> WallClockChanges {
        WallClockChanges(Jumps::new(ClockId::Realtime, ClockId::Boottime))
    }

    /// Waits for the next change.
    ///
    /// ```
    /// use dormouse::time::{WallClockChanges, timeout};
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     let mut changes = WallClockChanges::new();
    ///     // Most likely the clock is not set within this time.
    ///     if let Ok(change) = timeout(Duration::from_millis(1), changes.next()).await {
    ///         println!("{change:?}");
    ///     }
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, no change is lost.
    #[expect(clippy::should_implement_trait, reason = "the name of streams")]
    pub fn next(&mut self) -> impl Future<Output = WallClockChange> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_next(cx))
    }

    /// As [`next`](Self::next), for manual implementations of `Future`.
    ///
    /// ```
    /// use dormouse::time::WallClockChanges;
    /// use std::task::{Context, Waker};
    /// let mut changes = WallClockChanges::new();
    /// assert!(changes.poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
    /// ```
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<WallClockChange> {
        self.0.poll(cx).map(|by| match by {
            0.. => WallClockChange::Forward(magnitude(by)),
            _ => WallClockChange::Back(magnitude(by)),
        })
    }
}

impl Default for WallClockChanges {
    /// As [`new`](Self::new).
    fn default() -> WallClockChanges {
        WallClockChanges::new()
    }
}

/// How far the wall clock was set, and in which direction: see [`WallClockChanges`].
///
/// ```
/// use dormouse::time::WallClockChange;
/// use std::time::Duration;
///
/// fn matters(change: WallClockChange) -> bool {
///     let (WallClockChange::Forward(by) | WallClockChange::Back(by)) = change;
///     by > Duration::from_secs(1)
/// }
/// assert!(matters(WallClockChange::Back(Duration::from_secs(3600))));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WallClockChange {
    /// Set forward: some times were skipped.
    Forward(Duration),
    /// Set back: some times are repeated.
    Back(Duration),
}

/// Reports when the machine resumes from suspend. With the feature `stream`, it implements `futures_core::Stream`.
///
/// ```
/// use dormouse::time::Resumes;
/// # async fn reconnect() {}
/// # async fn watch() {
/// let mut resumes = Resumes::new();
/// loop {
///     let slept = resumes.next().await;
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
#[doc(alias = "suspend")]
#[derive(Debug)]
pub struct Resumes(Jumps);

impl Resumes {
    /// Reports resumes from this call on.
    ///
    /// ```
    /// use dormouse::time::Resumes;
    /// struct Connection {
    ///     resumes: Resumes,
    /// }
    /// let connection = Connection { resumes: Resumes::new() };
    /// # let _ = connection.resumes;
    /// ```
    pub fn new() -> Resumes {
        Resumes(Jumps::new(ClockId::Boottime, ClockId::Monotonic))
    }

    /// Waits for the next resume. Returns how long the machine was suspended.
    ///
    /// ```
    /// use dormouse::time::{Resumes, timeout};
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     let mut resumes = Resumes::new();
    ///     // Most likely the machine is not suspended within this time.
    ///     if let Ok(slept) = timeout(Duration::from_millis(1), resumes.next()).await {
    ///         println!("{slept:?}");
    ///     }
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped before it completes, no resume is lost.
    #[expect(clippy::should_implement_trait, reason = "the name of streams")]
    pub fn next(&mut self) -> impl Future<Output = Duration> + Send + Sync + Unpin + '_ {
        poll_fn(|cx| self.poll_next(cx))
    }

    /// As [`next`](Self::next), for manual implementations of `Future`.
    ///
    /// ```
    /// use dormouse::time::Resumes;
    /// use std::task::{Context, Waker};
    /// let mut resumes = Resumes::new();
    /// assert!(resumes.poll_next(&mut Context::from_waker(Waker::noop())).is_pending());
    /// ```
    pub fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Duration> {
        match self.0.poll(cx) {
            Poll::Ready(by @ 0..) => Poll::Ready(magnitude(by)),
            // The boot-time clock falls behind the monotonic one only if the process has entered a time namespace.
            _ => Poll::Pending,
        }
    }
}

impl Default for Resumes {
    /// As [`new`](Self::new).
    fn default() -> Resumes {
        Resumes::new()
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for WallClockChanges {
    type Item = WallClockChange;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<WallClockChange>> {
        WallClockChanges::poll_next(self.get_mut(), cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
    }
}

#[cfg(feature = "stream")]
#[cfg_attr(docsrs, doc(cfg(feature = "stream")))]
impl futures_core::Stream for Resumes {
    type Item = Duration;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Duration>> {
        Resumes::poll_next(self.get_mut(), cx).map(Some)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (usize::MAX, None)
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

impl Jumps {
    fn new(clock: ClockId, reference: ClockId) -> Jumps {
        // Not `FAR_FUTURE`: a sleep until then needs no timerfd, so there would be none for a step to cancel.
        let sleep = sleep_until(Instant::from_ns(u64::MAX - 1));
        Jumps { clock, reference, known: measure(&sleep, clock, reference), sleep }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<i128> {
        let _never = Pin::new(&mut self.sleep).poll(cx);
        let now = measure(&self.sleep, self.clock, self.reference);
        let Some(by) = now.change_since(self.known) else { return Poll::Pending };
        self.known = now;
        Poll::Ready(by)
    }
}

/// How far `clock` is ahead of `reference`, in the virtual time of `sleep` or in real time.
fn measure(sleep: &Sleep<Realtime>, clock: ClockId, reference: ClockId) -> Offset {
    Offset::measure(|| sleep.now_ns(clock), || sleep.now_ns(reference))
}
