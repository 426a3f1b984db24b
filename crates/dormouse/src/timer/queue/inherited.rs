//! Queues in the child of a fork. A child inherits a copy of the queue, but shares the wake source with its parent (see
//! `fork`). So it wakes the tasks of the inherited timers, closes its copy of the timerfd, and uses new queues.

use super::TimerQueue;
use crate::catch_panic::wake;
use crate::fork::Process;
use crate::sync::atomic::Ordering;
use crate::timer::timerfd;
use crate::timer::wake_source::WakeSource;

impl TimerQueue {
    /// Whether this process is a child of the one that used the queue. The first call that returns true wakes the tasks
    /// whose timers were inherited, so that they insert them into another queue.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        let is_inherited = self.owner.get().is_some_and(Process::forked);
        if is_inherited {
            self.drain_inherited();
        }
        is_inherited
    }

    /// Wakes the tasks whose timers were inherited, unless an earlier call has done so.
    pub(crate) fn drain_if_inherited(&self) {
        self.is_inherited();
    }

    /// Closes this process's copy of the timerfd, if it has inherited the queue.
    pub(crate) fn close_if_inherited(&self) {
        if self.owner.get().is_some_and(Process::forked) {
            timerfd::close_in_child(self.timerfd.swap(-1, Ordering::Relaxed), self.clock);
        }
    }

    #[cold]
    fn drain_inherited(&self) {
        if self.is_drained.swap(true, Ordering::Relaxed) {
            return;
        }
        // A lock that is held was held at the fork, by a thread that does not exist in the child, and is never released.
        let schedule = self.schedule.try_lock();
        let wake_source = schedule.ok().and_then(|mut schedule| schedule.wake_source.take());
        wake_source.into_iter().for_each(WakeSource::abandon);
        self.close_if_inherited();
        // The tasks of a shard whose lock is held are not woken.
        for shard in self.shards.iter() {
            let Ok(mut shard) = shard.try_lock() else { continue };
            let wheel = shard.wheel.take();
            drop(shard);
            let timers = wheel.map(|mut wheel| wheel.clear()).unwrap_or_default();
            timers.into_iter().for_each(|(_, waker)| wake(waker));
        }
    }
}
