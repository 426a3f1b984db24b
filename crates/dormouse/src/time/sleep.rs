//! One deadline, as a future.
//!
//! # Invariants
//! - A sleep is complete exactly if its clock has reached its deadline. Nothing else is asked, so it
//!   can be neither early nor, once polled again, forgotten. (The clock is not read where that is known:
//!   when the queue has read it, or at the first poll when a coarse clock says that the deadline is far off.
//!   Within a second after a suspend that may be wrong; then the sleep is registered, and fires at once.)
//! - While it is pending and has been polled, it is registered with the queue that serves the code
//!   that polled it last, with that poll's waker, to fire at its deadline or earlier.
//!
//! It fires earlier after it was put off: that is not told to the queue. Its task is woken at the former
//! deadline, polls it, and so registers it anew. A timeout that is put off at each packet costs a task
//! one needless poll for each time it would have fired, instead of a lock and a cache miss for each packet.

use crate::clock::{Boottime, Clock, ClockId};
use crate::sync::thread;
use crate::time::Instant;
use crate::time::slack::Slack;
use crate::timer::{self, TimerHandle};
use crate::virtual_clock::TimerSlot;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Much more than the coarse clock is ever behind: it ticks every 1 to 10 ms.
const FAR_OFF_NS: u64 = 200_000_000;

/// Waits for `duration`, by the boot-time clock: time that the machine is suspended counts.
///
/// Any duration is accepted: zero is over at once, and `Duration::MAX` never is. For another clock,
/// or to move the deadline, see [`Sleep`].
///
/// ```
/// use std::time::Duration;
///
/// dormouse::block_on(async {
///     dormouse::sleep(Duration::from_millis(10)).await;
/// });
/// ```
///
/// # Cancel safety
/// Dropping the sleep cancels it, at the cost of no system call.
///
/// # Accuracy
/// Never early. See [the module](crate::time#accuracy) for how late.
#[inline]
pub fn sleep(duration: Duration) -> Sleep {
    Boottime::sleep(duration)
}

/// Waits until `deadline`, on whatever clock that is an instant of.
///
/// ```
/// use dormouse::{clock::{Clock, Monotonic}, sleep_until};
/// use std::time::Duration;
///
/// dormouse::block_on(async {
///     let deadline = Monotonic::now() + Duration::from_millis(10);
///     sleep_until(deadline).await;
///     assert!(Monotonic::now() >= deadline);
/// });
/// ```
///
/// # Cancel safety
/// Dropping the sleep cancels it, at the cost of no system call.
///
/// # Accuracy
/// Never early. See [the module](crate::time#accuracy) for how late.
pub fn sleep_until<C: Clock>(deadline: Instant<C>) -> Sleep<C> {
    Sleep { deadline, slack: Slack::NONE, registered: None, virtual_timer: TimerSlot::new(C::ID) }
}

/// The future of [`sleep`] and [`sleep_until`].
///
/// It is registered when it is first polled, with the timers of the executor that polls it; polled
/// by another executor later, it moves there. Polled again after its end, it is ready again. On another
/// clock than the default one, [`Clock::sleep`] makes it.
///
/// ```
/// use dormouse::clock::{Clock, Monotonic};
/// use std::time::Duration;
///
/// dormouse::block_on(async {
///     let mut sleep = Monotonic::sleep(Duration::from_secs(3600));
///     // Something happened: it is needed sooner.
///     sleep.reset(Monotonic::now() + Duration::from_millis(1));
///     (&mut sleep).await;
///     assert!(sleep.is_elapsed());
/// });
/// ```
///
/// # Cancel safety
/// Polling it by `&mut` in a `select!` loses nothing: the deadline stays.
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sleep<C: Clock = Boottime> {
    deadline: Instant<C>,
    slack: Slack,
    registered: Option<TimerHandle>,
    /// In place of `registered`, if the sleep was created in virtual time.
    virtual_timer: TimerSlot,
}

impl<C: Clock> Sleep<C> {
    /// When it completes.
    ///
    /// ```
    /// use dormouse::time::{Instant, sleep};
    /// use std::time::Duration;
    /// assert!(sleep(Duration::from_secs(1)).deadline() > Instant::now());
    /// ```
    pub fn deadline(&self) -> Instant<C> {
        self.deadline
    }

    /// Whether the deadline has passed.
    ///
    /// ```
    /// use std::time::Duration;
    /// assert!(dormouse::sleep(Duration::ZERO).is_elapsed());
    /// assert!(!dormouse::sleep(Duration::MAX).is_elapsed());
    /// ```
    pub fn is_elapsed(&self) -> bool {
        self.deadline <= self.now()
    }

    /// Allows it to complete up to `slack` after its deadline, so that deadlines fall together and the processor can
    /// sleep longer. By default there is no slack. One of less than some 80 us is none either.
    ///
    /// Deadlines are met at the next multiple of a power of two (of 78,125 ns) that is no longer than the slack.
    /// So 10,000 sleeps within a second that may each be 20 ms late need about 50 wake-ups in all, and sleeps
    /// with another slack come with them where they can.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     // It does not matter when exactly.
    ///     # let hour = Duration::from_millis(1);
    ///     dormouse::sleep(hour).slack(Duration::from_millis(20)).await;
    /// });
    /// ```
    pub fn slack(mut self, slack: Duration) -> Sleep<C> {
        self.set_slack(Slack::new(slack));
        self
    }

    pub(super) fn set_slack(&mut self, slack: Slack) {
        self.slack = slack;
        self.fire_by_deadline();
    }

    /// How late it may be.
    pub(super) fn most_slack(&self) -> Duration {
        self.slack.most()
    }

    /// The present, by the clock that the sleep goes by.
    pub(super) fn now(&self) -> Instant<C> {
        Instant::from_ns(self.read(C::ID))
    }

    /// The present by any clock, where the sleep is at home.
    pub(super) fn read(&self, clock: ClockId) -> u64 {
        self.virtual_timer.now_ns(clock).unwrap_or_else(|| clock.now_ns())
    }

    /// Moves the deadline. A task that waits for the sleep is woken at the new one; a sleep that was
    /// over can be waited for again.
    ///
    /// Moving it to later is as cheap as can be: neither the reactor nor the timers are told. A task that
    /// waits for the sleep is woken at the former deadline too, and goes on waiting.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     let mut idle = dormouse::sleep(Duration::from_millis(1));
    ///     // At each packet, say:
    ///     idle.reset(Instant::now() + Duration::from_millis(5));
    ///     idle.await;
    /// });
    /// ```
    pub fn reset(&mut self, deadline: Instant<C>) {
        self.deadline = deadline;
        self.fire_by_deadline();
    }

    /// In virtual time, has it wake the machine too; false if it is not in virtual time.
    pub(super) fn set_virtual_alarm(&mut self) -> bool {
        self.virtual_timer.set_alarm(self.deadline.ns())
    }

    fn fire_by_deadline(&mut self) {
        let at = self.fires_at();
        if self.virtual_timer.reset(at) {
            return;
        }
        // Where it has fired, its task has been woken and will poll it, which registers it again.
        self.registered.take_if(|registered| !registered.fire_by(at));
    }

    /// When the timer fires: at the deadline, or within the slack.
    #[inline]
    fn fires_at(&self) -> u64 {
        self.slack.after(self.deadline.ns())
    }

    fn deregister(&mut self) {
        if let Some(registered) = self.registered.take() {
            registered.remove();
        }
    }

    fn register(&mut self, now: u64, waker: &Waker) {
        if self.registered.as_ref().is_some_and(|registered| registered.refresh(C::ID, waker)) {
            return;
        }
        match timer::insert(C::ID, self.fires_at(), now, waker) {
            Ok(new) => {
                self.deregister();
                self.registered = Some(new);
            }
            Err(_) => {
                // No thread to wake us, and none to be had: what is left is to try again soon.
                let left = Duration::from_nanos(self.deadline.ns() - now);
                thread::sleep(left.min(Duration::from_millis(1)));
                waker.wake_by_ref();
            }
        }
    }
}

impl<C: Clock> Future for Sleep<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.ns();
        let fires_at = self.fires_at();
        if let Some(polled) = self.virtual_timer.poll(deadline, fires_at, cx.waker()) {
            return polled;
        }
        if self.registered.is_none() {
            // A deadline that is far off needs no exact clock. If the coarse one is wrong, after a
            // suspend, the alarm is set to a time that has passed, and goes off at once.
            let now = C::ID.coarse_ns();
            if deadline > now.saturating_add(FAR_OFF_NS) {
                self.register(now, cx.waker());
                return Poll::Pending;
            }
        } else if self.registered.as_ref().is_some_and(|timer| timer.is_expired(self.fires_at())) {
            self.registered = None;
            return Poll::Ready(());
        }
        let now = C::ID.now_ns();
        if deadline <= now {
            self.deregister();
            return Poll::Ready(());
        }
        self.register(now, cx.waker());
        Poll::Pending
    }
}

impl<C: Clock> Drop for Sleep<C> {
    fn drop(&mut self) {
        self.deregister();
    }
}

impl<C: Clock> fmt::Debug for Sleep<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sleep").field("deadline", &self.deadline).finish_non_exhaustive()
    }
}
