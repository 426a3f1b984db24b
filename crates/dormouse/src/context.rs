//! A thread-local that records which `block_on` a thread is in.

use crate::sync::thread_local;
use std::cell::Cell;

/// Which `block_on` of this crate a thread is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ThreadContext {
    Outside,
    /// [`block_on`](crate::block_on()).
    BlockOn,
    /// `VirtualTime::block_on`, whose fds must be registered with the builtin reactor, and every `block_on` inside it.
    BuiltinOnly,
}

thread_local! {
    static CONTEXT: Cell<ThreadContext> = const { Cell::new(ThreadContext::Outside) };
}

/// This thread is in `block_on` until the guard is dropped.
pub(crate) struct InBlockOn {
    outer: ThreadContext,
}

impl InBlockOn {
    pub(crate) fn enter(context: ThreadContext) -> InBlockOn {
        let context = if builtin_only() { ThreadContext::BuiltinOnly } else { context };
        InBlockOn { outer: CONTEXT.with(|current| current.replace(context)) }
    }
}

impl Drop for InBlockOn {
    fn drop(&mut self) {
        let _ = CONTEXT.try_with(|current| current.set(self.outer));
    }
}

/// Whether this thread is in `block_on`.
pub(crate) fn in_block_on() -> bool {
    current() != ThreadContext::Outside
}

/// Whether this thread must register fds with the builtin reactor.
pub(crate) fn builtin_only() -> bool {
    current() == ThreadContext::BuiltinOnly
}

fn current() -> ThreadContext {
    CONTEXT.try_with(Cell::get).unwrap_or(ThreadContext::Outside)
}
