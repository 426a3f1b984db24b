//! In place of `queue/source.rs` in JavaScript hosts: the wake source can always be created and set, on the one thread.

use super::schedule::Schedule;
use super::{TimerQueue, Unavailable, shards};
use crate::sync::atomic::Ordering;
use crate::sync::lock;
use crate::timer::wake_source::WakeSource;

impl TimerQueue {
    pub(super) fn start(&'static self, schedule: &mut Schedule) -> Result<(), Unavailable> {
        let wake_source = WakeSource::new(self.clock, self.waker());
        self.replace_wake_source(schedule, Some(wake_source));
        self.counters.started(self.clock);
        Ok(())
    }

    pub(super) fn arm(&'static self, schedule: &mut Schedule, at: u64) -> Result<(), Unavailable> {
        if let Some(wake_source) = &schedule.wake_source {
            wake_source.arm(if schedule.clock_was_set { 0 } else { at });
        }
        Ok(())
    }

    pub(super) fn retry_timerfd(&'static self, _: &mut Schedule) {}

    /// Called after a timer was removed. When none is left, the timeout is cleared: Node.js runs as long as there is one.
    ///
    /// There is one thread, so nothing is inserted between the check and the end.
    pub(super) fn note_removal(&self) {
        let has_timers =
            |shard| self.shards.lock(shard).wheel.as_ref().is_some_and(|wheel| wheel.len > 0);
        if (0..shards::COUNT).any(has_timers) {
            return;
        }
        if let Some(wake_source) = &lock(&self.schedule).wake_source {
            wake_source.disarm();
            self.armed.store(u64::MAX, Ordering::Relaxed);
        }
    }
}
