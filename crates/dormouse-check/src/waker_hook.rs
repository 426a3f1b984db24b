//! A waker that runs a closure when it is cloned, and when it is dropped.
//!
//! A future clones its waker in order to register it. A careless `poll` does so after it has checked whether it is
//! ready, and before it can be woken; or with a lock held. The safe wakers of std have no hook for clones; those of
//! `cooked_waker` do.

use crate::task::TaskWaker;
use cooked_waker::{IntoWaker, Wake, WakeRef};
use std::fmt;
use std::sync::Arc;
use std::task::{Wake as _, Waker};

/// What happens to a waker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WakerUse {
    Clone,
    Drop,
}

/// A [`TaskWaker`] with a closure that runs before each clone, and when it is dropped.
struct HookedWaker {
    waker: Arc<TaskWaker>,
    hook: Arc<dyn Fn(WakerUse) + Send + Sync>,
}

impl fmt::Debug for HookedWaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waker.fmt(f)
    }
}

impl Clone for HookedWaker {
    fn clone(&self) -> HookedWaker {
        (self.hook)(WakerUse::Clone);
        HookedWaker { waker: self.waker.clone(), hook: self.hook.clone() }
    }
}

impl Drop for HookedWaker {
    fn drop(&mut self) {
        (self.hook)(WakerUse::Drop);
    }
}

impl WakeRef for HookedWaker {
    fn wake_by_ref(&self) {
        self.waker.wake_by_ref();
    }
}

impl Wake for HookedWaker {}

/// A std waker that calls `hook` before it, or one of its clones, is cloned, and when each of them is dropped.
pub(crate) fn waker(
    waker: &Arc<TaskWaker>,
    hook: impl Fn(WakerUse) + Send + Sync + 'static,
) -> Waker {
    Box::new(HookedWaker { waker: waker.clone(), hook: Arc::new(hook) }).into_waker()
}

/// A std waker that calls `hook` before it, or one of its clones, is cloned.
pub(crate) fn on_clone(waker: &Arc<TaskWaker>, hook: impl Fn() + Send + Sync + 'static) -> Waker {
    self::waker(waker, move |used| {
        if used == WakerUse::Clone {
            hook();
        }
    })
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
        let first = on_clone(&task_waker, move || {
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

    #[test]
    fn each_drop_calls_the_hook() {
        let task = Task::new();
        let drops = Arc::new(AtomicU32::new(0));
        let counter = drops.clone();
        let first = waker(&task.waker(), move |used| {
            counter.fetch_add(u32::from(used == WakerUse::Drop), SeqCst);
        });
        let second = first.clone();
        assert_eq!(drops.load(SeqCst), 0);
        second.wake();
        assert_eq!(drops.load(SeqCst), 1);
        drop(first);
        assert_eq!(drops.load(SeqCst), 2);
    }
}
