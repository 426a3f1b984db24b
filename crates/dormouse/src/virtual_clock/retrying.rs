//! Operations that retry in real time, because no event reports that their peer is ready.
//!
//! # Invariants
//! - Such an operation is busy for its first second of real time, and then from each timer that fires to its next
//!   attempt. So a peer in real time has a second, and the attempt that follows a deadline sees what a task has done at
//!   that deadline, before time advances further.

use super::{Shared, current};
use crate::sync::lock;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long, in real time, an operation is busy that fails again and again.
const BUSY_FOR: Duration = Duration::from_secs(1);
const MIN_PAUSE: Duration = Duration::from_millis(1);

/// An operation that retries in real time. Does nothing if it began outside of virtual time.
#[derive(Debug)]
pub(crate) struct Retrying(Option<InVirtualTime>);

#[derive(Debug)]
struct InVirtualTime {
    time: Arc<Shared>,
    number: u64,
    since: Instant,
}

impl Retrying {
    /// In the virtual time that the caller is in, if any.
    pub(crate) fn begin() -> Retrying {
        Retrying(current::current().map(|time| {
            let number = lock(&time.clocks).busy.add_retrying();
            InVirtualTime { time, number, since: Instant::now() }
        }))
    }

    /// Called after an attempt that has failed. Returns how long to pause, in virtual time: briefly, because time may stand
    /// still until the next attempt. But a pause that is shorter than the grace would begin another grace, so time would
    /// never advance.
    pub(crate) fn note_attempt(&self) -> Option<Duration> {
        let this = self.0.as_ref()?;
        if this.since.elapsed() < BUSY_FOR {
            return Some(MIN_PAUSE);
        }
        lock(&this.time.clocks).busy.pause_retrying(this.number);
        Some(MIN_PAUSE.max(this.time.grace.saturating_mul(2)))
    }
}

impl Drop for InVirtualTime {
    fn drop(&mut self) {
        lock(&self.time.clocks).busy.remove_retrying(self.number);
    }
}
