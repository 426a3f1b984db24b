//! The tasks that are spawned inside `VirtualTime::block_on`. They run on its thread, so that it advances time only when
//! none of them has anything to do.
//!
//! # Invariants
//! - `task::spawn` puts each task into the scope of its virtual time. So the task counts as busy from the call of its waker
//!   to the end of the poll that follows, and is dropped in that time.

use crate::context::in_virtual_block_on;
use async_executor::Executor;
use std::cell::RefCell;
use std::future::Future;
use std::sync::Arc;

type Tasks = Arc<Executor<'static>>;

thread_local! {
    /// Those of the innermost `VirtualTime::block_on`.
    static CURRENT: RefCell<Option<Tasks>> = const { RefCell::new(None) };
}

/// The tasks of a `VirtualTime::block_on`.
pub(crate) struct BlockOnTasks(Tasks);

impl BlockOnTasks {
    /// Those of the `VirtualTime::block_on` that the caller is in.
    pub(crate) fn current() -> Option<BlockOnTasks> {
        if !in_virtual_block_on() {
            return None;
        }
        CURRENT.try_with(|current| current.borrow().clone()).ok().flatten().map(BlockOnTasks)
    }

    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(task).detach();
    }

    pub(super) fn enter() -> Entered {
        let tasks = Tasks::default();
        let outer = CURRENT.try_with(|current| current.replace(Some(tasks.clone())));
        Entered { tasks, outer: outer.ok().flatten() }
    }
}

/// The caller is in a `VirtualTime::block_on` until this is dropped. Then its tasks are dropped, and so are cancelled.
pub(super) struct Entered {
    tasks: Tasks,
    outer: Option<Tasks>,
}

impl Entered {
    /// Runs the tasks until `future` is ready. Polls it first.
    pub(super) fn run<F: Future>(&self, future: F) -> impl Future<Output = F::Output> {
        self.tasks.run(future)
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        // What the destructor of a task spawns goes to the outer tasks, or to another executor.
        let _ = CURRENT.try_with(|current| current.replace(self.outer.take()));
    }
}
