//! A thread-local that records whether a thread is in a `block_on` of this crate.
//!
//! There the builtin reactor serves all fds and timers, whatever features are on.

use crate::sync::thread_local;
use std::cell::Cell;

thread_local! {
    static IN_BLOCK_ON: Cell<bool> = const { Cell::new(false) };
}

/// This thread is in [`block_on`](crate::block_on()) or `VirtualTime::block_on` until the guard is dropped.
pub(crate) struct InBlockOn {
    outer: bool,
}

impl InBlockOn {
    pub(crate) fn enter() -> InBlockOn {
        InBlockOn { outer: IN_BLOCK_ON.with(|current| current.replace(true)) }
    }
}

impl Drop for InBlockOn {
    fn drop(&mut self) {
        let _ = IN_BLOCK_ON.try_with(|current| current.set(self.outer));
    }
}

/// Whether this thread is in a `block_on` of this crate.
#[inline]
pub(crate) fn in_block_on() -> bool {
    IN_BLOCK_ON.try_with(Cell::get).unwrap_or(false)
}
