//! What [`dormouse::stats`](crate::stats()) reads of a queue.

use super::{TimerQueue, shards};
use crate::clock::ClockId;
use crate::stats::QueueTotals;

impl TimerQueue {
    pub(crate) fn clock(&self) -> ClockId {
        self.clock
    }

    /// Adds what the queue has counted.
    pub(crate) fn add_to(&self, totals: &mut QueueTotals) {
        totals.add(&self.counters);
        for index in 0..shards::COUNT {
            let shard = self.shards.lock(index);
            totals.pending += shard.wheel.as_ref().map_or(0, |wheel| wheel.len);
            totals.fired += shard.completed.get();
            totals.cancelled += shard.cancelled.get();
        }
    }
}
