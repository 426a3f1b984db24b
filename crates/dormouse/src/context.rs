//! Where the calling code runs: what can be known of it.

#[cfg(all(loom, test, feature = "tokio"))]
use crate::loom_test::tokio;
use crate::sync::thread_local;
use std::cell::Cell;
#[cfg(feature = "tokio")]
use tokio::runtime::Handle;

thread_local! {
    static IN_BLOCK_ON: Cell<bool> = const { Cell::new(false) };
}

/// While it lives, this thread is in [`block_on`](crate::block_on).
pub(crate) struct InBlockOn {
    outer: bool,
}

impl InBlockOn {
    pub(crate) fn enter() -> InBlockOn {
        InBlockOn { outer: IN_BLOCK_ON.with(|inside| inside.replace(true)) }
    }
}

impl Drop for InBlockOn {
    fn drop(&mut self) {
        let _ = IN_BLOCK_ON.try_with(|inside| inside.set(self.outer));
    }
}

/// Whether this thread is in [`block_on`](crate::block_on).
pub(crate) fn in_block_on() -> bool {
    IN_BLOCK_ON.try_with(Cell::get).unwrap_or(false)
}

/// The tokio runtime that the caller is inside, unless `block_on` of ours is further inside: that keeps
/// the thread, which may be the only one to drive the runtime.
#[cfg(feature = "tokio")]
#[inline]
pub(crate) fn tokio() -> Option<Handle> {
    if in_block_on() { None } else { Handle::try_current().ok() }
}
