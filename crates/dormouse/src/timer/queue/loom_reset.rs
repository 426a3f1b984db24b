//! What loom tests need of a queue.

use super::TimerQueue;
use crate::sync::lock;

impl TimerQueue {
    /// Makes visible what other threads have done under the lock of the schedule.
    pub(crate) fn synchronize(&self) {
        drop(lock(&self.schedule));
    }

    /// Frees what the queue holds at the end of a run, since queues themselves are never freed.
    pub(crate) fn reset_after_test(&self) {
        let wake_source = lock(&self.schedule).wake_source.take();
        drop(wake_source);
        for shard in self.shards.iter() {
            let wheel = lock(shard).wheel.take();
            drop(wheel);
        }
    }
}
