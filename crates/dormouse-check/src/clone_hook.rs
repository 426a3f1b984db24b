//! A waker that runs a closure when it is cloned.
//!
//! A future clones its waker in order to register it. A careless `poll` does so after it has checked whether it is
//! ready, and before it can be woken. The safe wakers of std have no hook for clones; those of `cooked_waker` do.

use crate::task::TaskWaker;
use cooked_waker::{IntoWaker, Wake, WakeRef};
use std::fmt;
use std::sync::Arc;
use std::task::{Wake as _, Waker};

/// A [`TaskWaker`] with a closure that runs before each clone.
struct CloneHook {
    waker: Arc<TaskWaker>,
    on_clone: Arc<dyn Fn() + Send + Sync>,
}

impl fmt::Debug for CloneHook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waker.fmt(f)
    }
}

impl Clone for CloneHook {
    fn clone(&self) -> CloneHook {
        (self.on_clone)();
        CloneHook { waker: self.waker.clone(), on_clone: self.on_clone.clone() }
    }
}

impl WakeRef for CloneHook {
    fn wake_by_ref(&self) {
        self.waker.wake_by_ref();
    }
}

impl Wake for CloneHook {}

/// A std waker that calls `on_clone` before it, or one of its clones, is cloned.
pub(crate) fn waker(waker: &Arc<TaskWaker>, on_clone: impl Fn() + Send + Sync + 'static) -> Waker {
    Box::new(CloneHook { waker: waker.clone(), on_clone: Arc::new(on_clone) }).into_waker()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    #[test]
    fn each_clone_calls_the_hook_and_wakes_the_task() {
        let task = Task::new();
        let (task_waker, clones) = (task.waker(), Arc::new(AtomicU32::new(0)));
        let counter = clones.clone();
        let first = waker(&task_waker, move || {
            counter.fetch_add(1, SeqCst);
        });
        assert_eq!(clones.load(SeqCst), 0);
        let second = first.clone();
        let third = second.clone();
        assert_eq!(clones.load(SeqCst), 2);
        drop((first, second));
        third.wake();
        assert_eq!(task_waker.wakes(), 1);
        assert_eq!(task_waker.clones_beyond(1), 0);
    }
}
