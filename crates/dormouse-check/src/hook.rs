//! A waker that does something while it is cloned.
//!
//! A future clones its waker in order to register it: after it has looked whether it is ready, and before anybody can
//! wake it, if it is written carelessly. Std's safe wakers cannot be told when they are cloned; `cooked_waker`'s
//! can.

use crate::task::TaskWaker;
use cooked_waker::{IntoWaker, Wake, WakeRef};
use std::fmt;
use std::sync::Arc;
use std::task::{Wake as _, Waker};

type OnClone = Arc<dyn Fn() + Send + Sync>;

/// A handle of a task's waker with something to be done whenever it is cloned.
struct Hooked {
    waker: Arc<TaskWaker>,
    on_clone: OnClone,
}

impl fmt::Debug for Hooked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.waker.fmt(f)
    }
}

impl Clone for Hooked {
    fn clone(&self) -> Hooked {
        (self.on_clone)();
        Hooked { waker: self.waker.clone(), on_clone: self.on_clone.clone() }
    }
}

impl WakeRef for Hooked {
    fn wake_by_ref(&self) {
        self.waker.wake_by_ref();
    }
}

impl Wake for Hooked {}

/// A handle that calls `on_clone` before each of its clones comes into being, and theirs.
pub(crate) fn handle(waker: &Arc<TaskWaker>, on_clone: impl Fn() + Send + Sync + 'static) -> Waker {
    Box::new(Hooked { waker: waker.clone(), on_clone: Arc::new(on_clone) }).into_waker()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::task::Task;
    use std::sync::atomic::{AtomicU32, Ordering::SeqCst};

    #[test]
    fn each_clone_is_noticed_and_wakes_the_task() {
        let task = Task::new();
        let (waker, clones) = (task.waker(), Arc::new(AtomicU32::new(0)));
        let counter = clones.clone();
        let first = handle(&waker, move || {
            counter.fetch_add(1, SeqCst);
        });
        assert_eq!(clones.load(SeqCst), 0);
        let second = first.clone();
        let third = second.clone();
        assert_eq!(clones.load(SeqCst), 2);
        drop((first, second));
        third.wake();
        assert_eq!(waker.wakes(), 1);
        assert_eq!(waker.kept(1), 0);
    }
}
