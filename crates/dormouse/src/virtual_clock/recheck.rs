//! Wake-ups after which a task only checks again whether it can go on.
//!
//! An advance, while it waits for the other tasks, and an operation that retries wake their task again and again. In
//! between, their scoped future has nothing to do, so time can advance. So these wake-ups are marked, by a thread-local
//! that is set while the waker is called; the wakers of virtual time read it.

use std::cell::Cell;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// What is checked again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Recheck {
    /// Whether the other tasks are busy. The task advances time itself.
    Others,
    /// Whether an operation succeeds.
    Retry,
}

thread_local! {
    static CURRENT: Cell<Option<Recheck>> = const { Cell::new(None) };
}

impl Recheck {
    /// Calls a waker. The scoped future that it belongs to does not become busy.
    pub(crate) fn wake(self, waker: &Waker) {
        struct Restore(Option<Recheck>);

        impl Drop for Restore {
            fn drop(&mut self) {
                let _ = CURRENT.try_with(|current| current.set(self.0));
            }
        }

        let outer = CURRENT.try_with(|current| current.replace(Some(self)));
        let _restore = Restore(outer.ok().flatten());
        waker.wake_by_ref();
    }

    /// That of the wake-up in which the calling code runs.
    pub(crate) fn current() -> Option<Recheck> {
        CURRENT.try_with(Cell::get).ok().flatten()
    }

    /// A waker that calls another.
    pub(super) fn waker(self, waker: &Waker) -> Waker {
        struct Marked(Recheck, Waker);

        impl Wake for Marked {
            fn wake(self: Arc<Self>) {
                self.wake_by_ref();
            }

            fn wake_by_ref(self: &Arc<Self>) {
                self.0.wake(&self.1);
            }
        }

        Waker::from(Arc::new(Marked(self, waker.clone())))
    }
}
