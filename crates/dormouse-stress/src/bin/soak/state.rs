//! What all tasks of a run share.

use crate::stats::{Count, Stats};
use dormouse::time::Sleep;
use std::sync::Mutex;
use std::sync::atomic::AtomicBool;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) stats: Stats,
    /// From now on, no new timers and connections.
    pub(crate) stopping: AtomicBool,
    /// How often the machine has stalled.
    pub(crate) stalls: Count,
    /// Sleeps that move from one group to another.
    pub(crate) in_transit: Mutex<Vec<Sleep>>,
}
