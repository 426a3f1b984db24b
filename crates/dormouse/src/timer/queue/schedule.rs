//! The schedule of a queue: when its wake source expires.
//!
//! The wake source is created and set ([`source`](super::source)) under the lock of the schedule, so that it agrees with
//! `armed`.

use super::spacing::Spacing;
use super::{Expired, TimerQueue, Unavailable};
use crate::sync::atomic::Ordering;
use crate::sync::{MutexGuard, lock, loom_const_fn};
use crate::timer::wake_source::WakeSource;

#[derive(Debug)]
pub(super) struct Schedule {
    /// `None` before the first timer, and after the shutdown of the reactor.
    pub(super) wake_source: Option<WakeSource>,
    /// A call of `process` is in progress, which sets the wake source at its end.
    pub(super) processing: bool,
    /// Timers that are due earlier than its `not_before` fire at that time. (A timer that is inserted during `process` is
    /// still subject to the previous value.)
    pub(super) spacing: Spacing,
    /// The clock was set, and no call of `process` has dealt with that.
    pub(super) clock_was_set: bool,
    /// How many runtimes a pooled queue has served before the current one.
    pub(super) epoch: u64,
    /// The buffer for expired timers, kept between calls.
    pub(super) spare_buffer: Expired,
}

impl Schedule {
    loom_const_fn! {
        pub(super) const fn new() -> Schedule {
            Schedule {
                wake_source: None,
                processing: false,
                spacing: Spacing::new(),
                clock_was_set: false,
                epoch: 0,
                spare_buffer: Vec::new(),
            }
        }
    }
}

impl TimerQueue {
    /// Makes the wake source expire no later than `deadline` or `not_before`, whichever is later. `leapt`: the clock may
    /// have been moved forward, so an earlier expiry is not relied on.
    #[inline]
    pub(super) fn arm_by(&'static self, deadline: u64, leapt: bool) -> Result<(), Unavailable> {
        // If `process` has not found the timer, the lock of its shard orders this load after the store of `process`.
        if deadline < self.armed.load(Ordering::Relaxed) {
            return self.arm_earlier(deadline);
        }
        if leapt { self.arm_again() } else { Ok(()) }
    }

    fn arm_earlier(&'static self, deadline: u64) -> Result<(), Unavailable> {
        let mut schedule = lock(&self.schedule);
        if schedule.wake_source.is_none() {
            if self.is_pooled() {
                // The runtime has shut down, and `shut_down` wakes all timers that are in a shard.
                return Ok(());
            }
            self.start(&mut schedule)?;
        }
        let at = schedule.spacing.delay(deadline, || self.clock.now_ns());
        if at >= self.armed.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.armed.store(at, Ordering::Relaxed);
        self.arm_or_shut_down(schedule, at)
    }

    /// Sets the wake source to the same time again, after the clock may have been moved forward.
    #[cold]
    pub(super) fn arm_again(&'static self) -> Result<(), Unavailable> {
        let schedule = lock(&self.schedule);
        match self.armed.load(Ordering::Relaxed) {
            u64::MAX => Ok(()),
            at => self.arm_or_shut_down(schedule, at),
        }
    }

    /// Sets the wake source, unless `process` is in progress, which sets it at its end.
    fn arm_or_shut_down(
        &'static self,
        mut schedule: MutexGuard<'_, Schedule>,
        at: u64,
    ) -> Result<(), Unavailable> {
        if schedule.processing || self.arm(&mut schedule, at).is_ok() {
            return Ok(());
        }
        let mut expired = Expired::new();
        self.shut_down(schedule, &mut expired);
        self.wake_all(&mut expired);
        self.release();
        Err(Unavailable)
    }

    /// Replaces the wake source, and returns the former one.
    pub(super) fn replace_wake_source(
        &self,
        schedule: &mut Schedule,
        new: Option<WakeSource>,
    ) -> Option<WakeSource> {
        let number = new.as_ref().and_then(WakeSource::number);
        self.timerfd.store(number.unwrap_or(-1), Ordering::Relaxed);
        std::mem::replace(&mut schedule.wake_source, new)
    }
}
