//! `Sleep`: one deadline, as a future.
//!
//! # Invariants
//! - A sleep is complete exactly if its clock has reached its deadline. No other state decides this, so a sleep is never
//!   early, and one that has completed is ready again when it is polled again. The exact clock is not read in two cases:
//!   if the timer queue has read a time past the deadline since the sleep was registered with that deadline, and at a
//!   poll of an unregistered sleep whose deadline is far off by the coarse clock. After a suspend, or if
//!   the clock was moved, the coarse clock may be behind by more than that; then the sleep is registered, and fires at
//!   once.
//! - While a sleep is pending and has been polled, it is registered with the timer queue that serves the code that
//!   polled it last, with the waker of that poll, to fire at `fires_at` or earlier; or that waker has been called since.
//!
//! A timer fires earlier than `fires_at` after a reset to a later deadline, which does not touch the queue. The timer
//! wakes the task at the former deadline, the task polls the sleep, and the poll registers it again. So a timeout that is
//! reset at each packet costs the task one extra poll for each time that it would have fired, instead of a lock and a
//! cache miss for each packet.

use crate::clock::{Boottime, Clock, ClockId};
use crate::sync::thread;
use crate::time::Instant;
use crate::time::slack::Slack;
use crate::timer::{self, TimerHandle};
use crate::trace::{self, Origin};
use crate::virtual_clock::TimerSlot;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// Far more than the coarse clock lags behind the exact one: it ticks every 1 to 10 ms.
const FAR_OFF_NS: u64 = 200_000_000;

/// Waits for `duration` on the boot-time clock, which also counts the time that the machine is suspended.
///
/// It works in the tasks of every executor, and on a thread without one. Every duration is valid: zero completes at
/// once, and `Duration::MAX` never does.
///
/// To wait until a given instant, use [`sleep_until`]; for another clock, its own function, such as
/// [`Monotonic::sleep`](crate::clock::Monotonic::sleep); to move the deadline, keep the [`Sleep`] and
/// [`reset`](Sleep::reset) it.
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
/// Dropping the sleep cancels it, without a system call.
///
/// # Accuracy
/// Never early. See [the module](crate::time#accuracy) for how late.
///
/// # Tests
/// With the feature `test-util`, it follows [virtual time][virtual], and the clock of tokio where a test has
/// [paused that][paused] (`start_paused`). Without the feature it takes real time there.
///
/// [virtual]: https://docs.rs/dormouse/latest/dormouse/virtual_time/
/// [paused]: crate::porting#the-tests-of-your-users
#[doc(alias = "after")]
#[inline]
#[track_caller]
pub fn sleep(duration: Duration) -> Sleep {
    sleep_until(Instant::now() + duration)
}

/// Waits until `deadline`, on the clock that this is an instant of.
///
/// An instant that has passed completes at once, and [`Instant::FAR_FUTURE`] never does.
///
/// ```
/// use dormouse::{clock::Monotonic, sleep_until};
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
/// Dropping the sleep cancels it, without a system call.
///
/// # Accuracy
/// Never early. See [the module](crate::time#accuracy) for how late.
#[track_caller]
pub fn sleep_until<C: Clock>(deadline: Instant<C>) -> Sleep<C> {
    Sleep::new(deadline, TimerSlot::new(C::ID), Origin::caller())
}

/// Future returned by [`sleep`], [`sleep_until`] and the functions of the [clocks](crate::clock).
///
/// The first poll before the deadline registers it with the timers of the executor that polls it. If another executor
/// polls it later, it moves there. It is [`Unpin`], so `&mut sleep` can be awaited without pinning it. A sleep that has completed can be
/// polled again, and is ready again.
///
/// ```
/// use dormouse::clock::Monotonic;
/// use std::time::Duration;
///
/// dormouse::block_on(async {
///     let mut sleep = Monotonic::sleep(Duration::from_secs(3600));
///     // It is needed sooner after all.
///     sleep.reset(Monotonic::now() + Duration::from_millis(1));
///     (&mut sleep).await;
///     assert!(sleep.is_elapsed());
/// });
/// ```
///
/// # Cancel safety
/// Dropping the sleep cancels it, without a system call. Polling `&mut sleep` in a `select!` loses nothing: the deadline
/// stays.
///
/// # Accuracy
/// Never early by its own clock. See [the module](crate::time#accuracy) for how late.
#[doc(alias = "Timer")]
#[doc(alias = "Delay")]
#[must_use = "futures do nothing unless you `.await` or poll them"]
pub struct Sleep<C: Clock = Boottime> {
    deadline: Instant<C>,
    slack: Slack,
    registered: Option<TimerHandle>,
    /// In place of `registered`, if the sleep was created in virtual time, or was polled last by a paused clock. Beside it,
    /// inside a runtime whose clock can be paused.
    virtual_timer: TimerSlot,
    /// Where the program has created it.
    created: Origin,
}

impl<C: Clock> Sleep<C> {
    /// A sleep that never completes, until a [`reset`](Self::reset) gives it a deadline.
    ///
    /// For a timer that is armed later: it needs neither an `Option` nor a branch of its own in a `select!`. Its clock is
    /// that of the deadline; where the compiler cannot infer it, write `Sleep::<Monotonic>::never()`.
    ///
    /// ```
    /// use dormouse::time::{Instant, Sleep};
    /// use futures::{FutureExt, StreamExt, select};
    /// use std::time::Duration;
    ///
    /// # let (sender, mut packets) = futures::channel::mpsc::unbounded();
    /// # sender.unbounded_send(1).unwrap();
    /// dormouse::block_on(async {
    ///     let mut flush = Sleep::never();
    ///     let mut received = Vec::new();
    ///     loop {
    ///         select! {
    ///             packet = packets.next().fuse() => {
    ///                 received.extend(packet);
    ///                 flush.reset(Instant::now() + Duration::from_millis(1));
    ///             }
    ///             () = (&mut flush).fuse() => break,
    ///         }
    ///     }
    ///     assert_eq!(received, [1]);
    /// });
    /// ```
    #[track_caller]
    pub fn never() -> Sleep<C> {
        sleep_until(Instant::FAR_FUTURE)
    }

    pub(super) fn new(deadline: Instant<C>, virtual_timer: TimerSlot, created: Origin) -> Sleep<C> {
        Sleep { deadline, slack: Slack::NONE, registered: None, virtual_timer, created }
    }

    /// The instant at which it completes.
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

    /// Allows it to complete up to `slack` after its deadline, so that sleeps complete together and the processor can
    /// stay idle longer. The default is no slack; one of less than about 80 us counts as none.
    ///
    /// The task is woken at the first multiple of a granule that is not before the deadline. The granule is the longest of
    /// 78,125 ns * 2^n that is no longer than the slack. So 10,000 sleeps within a second, each with a slack of 20 ms, need
    /// about 50 wake-ups in all. Sleeps with other slacks share these wake-ups where they can.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     // The exact time does not matter.
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
        self.update_timer();
    }

    /// How much later than the deadline its timer can fire.
    pub(super) fn max_slack(&self) -> Duration {
        self.slack.max_delay()
    }

    /// The present instant of the clock of this sleep, real or virtual.
    pub(super) fn now(&self) -> Instant<C> {
        Instant::from_ns(self.now_ns(C::ID))
    }

    /// What `clock` shows in the time of this sleep, real or virtual.
    pub(super) fn now_ns(&self, clock: ClockId) -> u64 {
        self.virtual_timer.now_ns(clock).unwrap_or_else(|| clock.now_ns())
    }

    /// Moves the deadline. A task that waits for the sleep is woken at the new deadline; a sleep that has completed can
    /// be awaited again.
    ///
    /// A move to later is cheap: it updates neither the timers nor the reactor. A task that waits for the sleep is woken
    /// at the former deadline too, and continues to wait. (In virtual time, it is woken at the new deadline only.)
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    ///
    /// dormouse::block_on(async {
    ///     let mut idle = dormouse::sleep(Duration::from_millis(1));
    ///     // At each packet, for example:
    ///     idle.reset(Instant::now() + Duration::from_millis(5));
    ///     idle.await;
    /// });
    /// ```
    #[doc(alias = "set_after")]
    #[doc(alias = "set_at")]
    pub fn reset(&mut self, deadline: Instant<C>) {
        self.deadline = deadline;
        self.update_timer();
    }

    /// In virtual time, sets an alarm that wakes the suspended machine at the deadline. Returns false in real time.
    pub(super) fn set_virtual_alarm(&mut self) -> bool {
        self.virtual_timer.set_alarm(self.deadline.ns())
    }

    fn update_timer(&mut self) {
        let at = self.fires_at();
        if self.virtual_timer.reset(at) {
            return;
        }
        // If the timer has fired, its task has been woken; the next poll registers the timer again.
        self.registered.take_if(|registered| !registered.fire_by(at));
        trace::emit_pending();
    }

    /// The time in ns at which the timer is to fire: the deadline, or later within the slack.
    #[inline]
    fn fires_at(&self) -> u64 {
        self.slack.fires_at(self.deadline.ns())
    }

    fn deregister(&mut self) {
        if let Some(registered) = self.registered.take() {
            registered.remove();
        }
    }

    /// Deregisters it after it has completed at `now`, and reports that if it has waited.
    #[inline]
    fn complete(&mut self, fires_at: u64, now: u64) {
        self.virtual_timer.completed();
        if let Some(timer) = self.registered.take() {
            let reactor = timer.reactor();
            timer.complete();
            trace::sleep_completed(C::ID, reactor, fires_at, || now, self.created);
        }
    }

    fn register(&mut self, now: u64, waker: &Waker) {
        self.register_in_real_time(now, waker);
        let fires_at = self.fires_at();
        self.virtual_timer.registered(C::ID, fires_at, waker);
    }

    fn register_in_real_time(&mut self, now: u64, waker: &Waker) {
        if self.registered.as_ref().is_some_and(|registered| registered.refresh(C::ID, now, waker))
        {
            return;
        }
        match timer::insert(C::ID, self.fires_at(), now, waker) {
            Ok(new) => {
                if let Some(old) = self.registered.as_ref().filter(|old| !old.shares_queue(&new)) {
                    trace::sleep_moved(C::ID, old.reactor(), new.reactor(), self.created);
                }
                self.deregister();
                self.registered = Some(new);
            }
            Err(_) => {
                // No thread can call the waker, and none can be started: poll again soon.
                let left = Duration::from_nanos(self.deadline.ns() - now);
                thread::sleep(left.min(Duration::from_millis(1)));
                waker.wake_by_ref();
            }
        }
        trace::emit_pending();
    }
}

impl<C: Clock> Future for Sleep<C> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let deadline = self.deadline.ns();
        let fires_at = self.fires_at();
        if let Some(polled) = self.virtual_timer.poll(C::ID, deadline, fires_at, cx.waker()) {
            // It may have been registered before the clock of its runtime was paused.
            self.deregister();
            return polled;
        }
        if self.registered.is_none() {
            // A deadline that is far off needs no exact clock. If the coarse clock is wrong, after a suspend, the
            // timer is registered with a time that has passed, and fires at once.
            let now = C::ID.coarse_ns();
            if deadline > now.saturating_add(FAR_OFF_NS) {
                self.register(now, cx.waker());
                return Poll::Pending;
            }
        } else if let Some(timer) = self.registered.take_if(|timer| timer.is_expired(fires_at)) {
            let now = || C::ID.now_ns();
            trace::sleep_completed(C::ID, timer.reactor(), fires_at, now, self.created);
            self.virtual_timer.completed();
            return Poll::Ready(());
        }
        let now = C::ID.now_ns();
        if deadline <= now {
            self.complete(fires_at, now);
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
