//! Frees what a queue holds at the end of each run of a loom test, since queues themselves are never freed.

use super::TimerQueue;
use crate::sync::lock;

impl TimerQueue {
    pub(crate) fn reset_after_test(&self) {
        let wake_source = lock(&self.schedule).wake_source.take();
        drop(wake_source);
        for shard in self.shards.iter() {
            let wheel = lock(shard).wheel.take();
            drop(wheel);
        }
    }
}
