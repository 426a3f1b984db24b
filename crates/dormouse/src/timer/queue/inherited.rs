//! Queues in the child of a fork. A child inherits the memory of a queue, but a wake source that is its parent's too
//! (see `fork`), so it uses queues of its own.

use super::TimerQueue;
use crate::catch_panic::wake;
use crate::fork::Process;
use crate::sync::atomic::Ordering;

impl TimerQueue {
    /// Whether this process is a child of the one that used the queue. The first call that finds so wakes the tasks
    /// whose timers were inherited, so that they insert them into another queue.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        let is_inherited = self.owner.get().is_some_and(Process::forked);
        if is_inherited {
            self.drain_inherited();
        }
        is_inherited
    }

    /// Wakes the tasks whose timers were inherited, if there are any that have not been woken.
    pub(crate) fn drain_if_inherited(&self) {
        self.is_inherited();
    }

    #[cold]
    fn drain_inherited(&self) {
        if self.is_drained.swap(true, Ordering::Relaxed) {
            return;
        }
        for shard in self.shards.iter() {
            // A lock that is held belongs to a thread of the parent, which does not exist here.
            let Ok(mut shard) = shard.try_lock() else { continue };
            let timers = shard.drain();
            drop(shard);
            timers.into_iter().for_each(|(_, waker)| wake(waker));
        }
    }
}
