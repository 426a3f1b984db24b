//! Which scoped futures wait for the others to quiesce.

use super::Shared;
use std::sync::atomic::{AtomicBool, Ordering};

/// Whether a scoped future, which counts in [`Shared::busy`], counts in [`Shared::quiescing`] too.
///
/// # Invariants
/// - It is set inside a poll of the future, and under the lock on the clocks.
/// - It is cleared when the next poll begins, when a poll ends without a wake-up, and by a wake-up outside of a poll,
///   which brings other work. So while it is set, the future is busy.
#[derive(Debug, Default)]
pub(crate) struct QuiescingFlag(AtomicBool);

impl QuiescingFlag {
    /// Returns whether it was clear before. The caller holds the lock on the clocks.
    pub(super) fn set(&self, time: &Shared) -> bool {
        let was_clear = !self.0.swap(true, Ordering::SeqCst);
        if was_clear {
            time.quiescing.fetch_add(1, Ordering::SeqCst);
        }
        was_clear
    }

    pub(crate) fn clear(&self, time: &Shared) {
        if self.0.swap(false, Ordering::SeqCst) {
            time.quiescing.fetch_sub(1, Ordering::SeqCst);
        }
    }
}
