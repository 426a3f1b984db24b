//! What a thread knows of the code that it runs.

#[cfg(all(loom, test, feature = "tokio"))]
use crate::loom_test::tokio;
use crate::sync::thread_local;
use std::cell::Cell;
#[cfg(feature = "tokio")]
use tokio::runtime::Handle;

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

/// The tokio runtime that the caller is inside, unless `block_on` of ours is further inside: that keeps
/// the thread, which may be the only one to drive the runtime.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn tokio() -> Option<Handle> {
    if in_block_on() { None } else { Handle::try_current().ok() }
}
