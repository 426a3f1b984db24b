//! What virtual time promises.

#[path = "../common/mod.rs"]
mod common;

mod cases;
mod clocks;
mod executors;
mod order;
mod place;
mod programs;
mod random;
mod sockets;
mod wakers;

use std::sync::{Arc, Mutex};
use std::time::Duration;

each_in_a_process_of_its_own! {
    an_event_that_a_thread_in_block_on_has_taken_out_is_waited_for
}

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3600);
const DAY: Duration = Duration::from_secs(24 * 3600);

/// What happened, in order.
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
