//! Processing of a queue, when its wake source expires: timers that are due are collected, the wake source is set for
//! the next one, and tasks are woken. The shutdown of a queue is here too.

use super::schedule::Schedule;
use super::{Expired, PROCESSING, ReactorKind, TimerQueue, Unavailable, shards, spacing};
use crate::catch_panic::wake;
use crate::clock::ClockId;
use crate::reactor::wake_or_defer;
use crate::sync::atomic::Ordering;
use crate::sync::{MutexGuard, lock};
use crate::timer::runtime;
use crate::trace;
use std::sync::Arc;
use std::task::Wake;

/// After about this many timers, the lock of the shard is released for a moment.
const BATCH: usize = 1024;
/// The buffer for expired timers is kept between calls up to this capacity.
const SPARE_CAPACITY: usize = 4 * BATCH;

/// Calls [`on_wake`](TimerQueue::on_wake).
pub(super) struct QueueWaker(pub(super) &'static TimerQueue);

impl Wake for QueueWaker {
    fn wake(self: Arc<Self>) {
        self.0.on_wake();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.0.on_wake();
    }
}

fn deadlines(expired: &Expired) -> impl Iterator<Item = u64> {
    expired.iter().map(|&(deadline, _)| deadline)
}

impl TimerQueue {
    /// Called by the queue's waker: the wake source has expired, the clock was set, or the reactor has shut down. Wakes
    /// the tasks of all timers that are due, and sets the wake source for the next one.
    pub(super) fn on_wake(&'static self) {
        if self.is_inherited() {
            // For example, the child of a fork drops the runtime of its parent. The queue does not return to the pool.
            return;
        }
        let mut schedule = lock(&self.schedule);
        let Some(wake_source) = &schedule.wake_source else { return };
        let acknowledged = wake_source.acknowledge(self.waker());
        let mut is_shut_down = acknowledged.is_err();
        schedule.clock_was_set |= acknowledged.unwrap_or_default();
        if schedule.processing && !is_shut_down {
            // The call in progress sets the wake source at its end; if the clock was set, to expire at once.
            return;
        }
        let mut expired = std::mem::take(&mut schedule.spare_buffer);
        if is_shut_down {
            self.shut_down(schedule, &mut expired);
        } else {
            is_shut_down = self.process(schedule, &mut expired).is_err();
        }
        self.wake_all(&mut expired);
        if expired.capacity() <= SPARE_CAPACITY {
            lock(&self.schedule).spare_buffer = expired;
        }
        if is_shut_down {
            self.release();
        }
        trace::emit_pending();
    }

    /// Collects the timers that are due, and sets the wake source for the next one.
    ///
    /// # Errors
    /// If the wake source cannot be set. Then the queue has been shut down, and all its timers are in `expired`.
    pub(super) fn process(
        &'static self,
        mut schedule: MutexGuard<'_, Schedule>,
        expired: &mut Expired,
    ) -> Result<(), Unavailable> {
        let epoch = schedule.epoch;
        let clock_was_set = std::mem::take(&mut schedule.clock_was_set);
        schedule.processing = true;
        // The wake source has expired. (After a spurious call it may still be set, and expire once without need.)
        self.armed.store(u64::MAX, Ordering::Relaxed);
        if self.clock != ClockId::Realtime {
            self.processed_until.store(PROCESSING, Ordering::Relaxed);
        }
        drop(schedule);

        ClockId::measure_suspended();
        let now = self.clock.now_ns();
        let next = if clock_was_set {
            self.collect_all(expired)
        } else {
            self.collect_expired(now, expired)
        };
        self.counters.woken(self.clock, now, deadlines(expired));
        trace::timers_fired(self.clock, self.kind.name(), now, deadlines(expired));
        let wake_ups = spacing::wake_ups(deadlines(expired));

        let schedule = lock(&self.schedule);
        if schedule.epoch != epoch {
            // The runtime has shut down since. The schedule, with `processing`, may already be that of another runtime.
            return Ok(());
        }
        // It fails if a timer was inserted meanwhile, and stays 0 for the wall clock.
        let processed = &self.processed_until;
        let _ = processed.compare_exchange(PROCESSING, now, Ordering::Release, Ordering::Relaxed);
        self.finish(schedule, now, next, wake_ups, expired)
    }

    /// The last step of `process`: sets the wake source. `wake_ups`: those that the expired timers have without spacing.
    fn finish(
        &'static self,
        mut schedule: MutexGuard<'_, Schedule>,
        now: u64,
        next: u64,
        wake_ups: u64,
        expired: &mut Expired,
    ) -> Result<(), Unavailable> {
        schedule.processing = false;
        if schedule.wake_source.is_none() {
            return Ok(());
        }
        if self.clock != ClockId::Realtime {
            schedule.spacing.charge(now, wake_ups);
        }
        self.retry_timerfd(&mut schedule);
        let inserted_meanwhile = self.armed.load(Ordering::Relaxed);
        let at_once = if schedule.clock_was_set { 0 } else { u64::MAX };
        // `inserted_meanwhile` is the time to which `insert` and `reset` have lowered `armed` from `u64::MAX`.
        let at = next.max(schedule.spacing.not_before()).min(inserted_meanwhile).min(at_once);
        self.armed.store(at, Ordering::Relaxed);
        if at < u64::MAX && self.arm(&mut schedule, at).is_err() {
            self.shut_down(schedule, expired);
            return Err(Unavailable);
        }
        Ok(())
    }

    /// Removes the timers that are due, in the order of deadlines, and returns the next deadline.
    fn collect_expired(&self, now: u64, expired: &mut Expired) -> u64 {
        let mut next = u64::MAX;
        let mut shards_with_expired = 0;
        for index in 0..shards::COUNT {
            let before = expired.len();
            let mut shard = self.shards.lock(index);
            shard.note_time(now);
            if shard.is_ahead_of(now) {
                // The clock was moved back, and a wheel only turns forward. The tasks insert their timers again.
                expired.extend(shard.drain());
            }
            while let Some(wheel) = &mut shard.wheel {
                if wheel.turn(now, BATCH, expired) {
                    next = next.min(wheel.next_deadline().unwrap_or(u64::MAX));
                    break;
                }
                drop(shard);
                shard = self.shards.lock(index);
            }
            shards_with_expired += usize::from(expired.len() > before);
        }
        if shards_with_expired > 1 {
            expired.sort_by_key(|&(deadline, _)| deadline);
        }
        next
    }

    /// Removes all timers, after the clock was set, and returns the next deadline: there is none.
    fn collect_all(&self, expired: &mut Expired) -> u64 {
        for index in 0..shards::COUNT {
            expired.extend(self.shards.lock(index).drain());
        }
        u64::MAX
    }

    /// Removes all timers and the wake source, when the reactor has shut down or cannot serve any more. Once their
    /// tasks are woken, they insert their timers into other queues.
    pub(super) fn shut_down(
        &'static self,
        mut schedule: MutexGuard<'_, Schedule>,
        expired: &mut Expired,
    ) {
        let wake_source = self.replace_wake_source(&mut schedule, None);
        schedule.processing = false;
        schedule.clock_was_set = false;
        self.armed.store(u64::MAX, Ordering::Relaxed);
        schedule.epoch += u64::from(self.is_pooled());
        let epoch = schedule.epoch;
        drop(schedule);
        drop(wake_source);
        let before = expired.len();
        for index in 0..shards::COUNT {
            let mut shard = self.shards.lock(index);
            shard.epoch = epoch;
            expired.extend(shard.drain());
        }
        let drained = expired.len() - before;
        self.counters.cancelled(drained);
        trace::queue_drained(self.clock, self.kind.name(), drained);
    }

    pub(super) fn wake_all(&self, expired: &mut Expired) {
        let wake = if self.kind == ReactorKind::Builtin { wake_or_defer } else { wake };
        for (_, waker) in expired.drain(..) {
            wake(waker);
        }
    }

    /// Returns the queue of a runtime that has shut down to the pool.
    pub(super) fn release(&'static self) {
        if self.is_pooled() {
            runtime::release(self, self.clock);
        }
    }
}
