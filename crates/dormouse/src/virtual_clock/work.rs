//! Work on another thread that a future waits for.
//!
//! # Invariants
//! - The work is busy until its future has polled the result, or is dropped. So there is no gap between the end of the work
//!   and the poll of the task that it wakes.

use super::{BusyToken, Shared, current};
use crate::sync::lock;
use std::sync::Arc;

/// Until it is dropped, the virtual time in which it has begun waits for it, as for a task: for up to a second.
#[derive(Debug)]
pub(crate) struct Work(Option<(Arc<Shared>, BusyToken)>);

impl Work {
    /// Does nothing outside of virtual time.
    pub(crate) fn begin() -> Work {
        Work(current::current().map(|time| {
            let token = lock(&time.clocks).busy.begin();
            (time, token)
        }))
    }
}

impl Drop for Work {
    fn drop(&mut self) {
        if let Some((time, token)) = self.0.take() {
            lock(&time.clocks).busy.end(token);
        }
    }
}
