//! A virtual time waits for work on another thread.
//!
//! # Invariants
//! - The work is busy until its future has polled the result, or is dropped. So there is no gap between the end of the work
//!   and the poll of the task that it wakes.

use super::hold::Hold;
use super::{BusyToken, Shared, current};
use crate::sync::lock;
use std::sync::Arc;

/// Until it is dropped, the virtual time in which it has begun waits for it, as for a task: for up to a second. So does the
/// clock of a tokio runtime, if it is paused.
#[derive(Debug)]
pub(crate) struct BusyGuard {
    virtual_time: Option<(Arc<Shared>, BusyToken)>,
    _paused_clock: Option<Hold>,
}

impl BusyGuard {
    /// Does nothing in real time.
    pub(crate) fn begin() -> BusyGuard {
        let virtual_time = current::current().map(|time| {
            let token = lock(&time.clocks).busy.begin();
            (time, token)
        });
        let _paused_clock = if virtual_time.is_some() { None } else { Hold::begin() };
        BusyGuard { virtual_time, _paused_clock }
    }
}

impl Drop for BusyGuard {
    fn drop(&mut self) {
        if let Some((time, token)) = self.virtual_time.take() {
            lock(&time.clocks).busy.end(token);
        }
    }
}
