//! In place of `queue/inherited.rs` on systems without `fork`: no queue is inherited.

use super::TimerQueue;

impl TimerQueue {
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        false
    }

    #[inline]
    pub(crate) fn drain_if_inherited(&self) {}

    pub(crate) fn close_if_inherited(&self) {}
}
