//! What a thread knows of the code that it runs.

use crate::sync::thread_local;
use std::cell::Cell;

/// Which `block_on` of this crate a thread is in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Context {
    Outside,
    /// [`block_on`](crate::block_on).
    BlockOn,
    /// A `block_on` whose fds must be watched by the builtin reactor. A `block_on` inside it needs the same.
    BuiltinOnly,
}

thread_local! {
    static CONTEXT: Cell<Context> = const { Cell::new(Context::Outside) };
}

/// While it lives, this thread is in `block_on`.
pub(crate) struct InBlockOn {
    outer: Context,
}

impl InBlockOn {
    pub(crate) fn enter(context: Context) -> InBlockOn {
        let context = if builtin_only() { Context::BuiltinOnly } else { context };
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
    current() != Context::Outside
}

/// Whether fds that are registered here must be watched by the builtin reactor.
pub(crate) fn builtin_only() -> bool {
    current() == Context::BuiltinOnly
}

fn current() -> Context {
    CONTEXT.try_with(Cell::get).unwrap_or(Context::Outside)
}
