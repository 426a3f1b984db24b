//! Pauses between the attempts of an operation, where no event reports that it can succeed.
//!
//! The peer of such an operation needs real time, wherever the operation is polled. So the pauses are in real time, in
//! virtual time too, and virtual time waits for the attempts: see [`Retrying`].

use super::{Instant, Sleep};
use crate::clock::ClockId;
use crate::trace::Origin;
use crate::virtual_clock::{Retrying, TimerSlot};
use std::time::Duration;

const MIN_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(32);

/// The pauses of one operation.
pub(crate) struct RetryPauses {
    next: Duration,
    /// Set at the first pause, in the virtual time of the code that pauses.
    retrying: Option<Retrying>,
}

impl RetryPauses {
    pub(crate) fn new() -> RetryPauses {
        RetryPauses { next: MIN_PAUSE, retrying: None }
    }

    /// Called after each failed attempt. Each pause is twice as long as the one before, but not in virtual time, which
    /// may stand still until the next attempt.
    pub(crate) async fn pause(&mut self) {
        let retrying = self.retrying.get_or_insert_with(Retrying::begin);
        retrying.pause(sleep_in_real_time(self.next)).await;
        if !retrying.is_in_virtual_time() {
            self.next = (self.next * 2).min(MAX_PAUSE);
        }
    }
}

/// As [`sleep`](super::sleep), but in real time, also if the caller is in virtual time.
#[track_caller]
pub(crate) fn sleep_in_real_time(duration: Duration) -> Sleep {
    let deadline = Instant::from_ns(ClockId::Boottime.now_ns()) + duration;
    Sleep::new(deadline, TimerSlot::REAL, Origin::caller())
}
