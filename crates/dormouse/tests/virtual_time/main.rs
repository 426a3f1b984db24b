//! The promises of virtual time.

#[path = "../common/mod.rs"]
mod common;

mod aligned_intervals;
mod block_on;
#[cfg(unix)]
mod cases;
mod clocks;
mod conversions;
mod enter;
mod executors;
#[cfg(target_os = "linux")]
mod full_peers;
mod intervals;
mod order;
mod others;
mod programs;
mod random;
#[cfg(all(feature = "futures-io", unix))]
mod sockets;
mod suspend;
mod wakers;
mod wall_clock;

use dormouse::clock::Realtime;
use dormouse::time::Instant;
use std::sync::{Arc, Mutex};
use std::time::{Duration, UNIX_EPOCH};

#[cfg(unix)]
each_in_a_child_process! {
    an_event_drained_by_the_poller_is_delivered_before_a_jump
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// A fixed date, at 8 o'clock UTC.
fn morning() -> Instant<Realtime> {
    Instant::from(UNIX_EPOCH) + 20_000 * DAY + 8 * HOUR
}

/// Events in the order in which they happened.
#[derive(Clone, Default)]
struct Log<T>(Arc<Mutex<Vec<T>>>);

impl<T> Log<T> {
    fn new() -> Log<T> {
        Log(Arc::default())
    }

    fn add(&self, entry: T) {
        self.0.lock().unwrap().push(entry);
    }

    fn take(&self) -> Vec<T> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}
