//! Keeps the paused clock of a tokio runtime where it is, while work runs on a thread that tokio does not know.
//!
//! An idle runtime whose clock is paused advances to its next timer, unless its own pool runs blocking work. So a closure
//! waits in that pool until the hold is dropped, or for [`LIMIT`].

use super::paused;
use crate::catch_panic::catch_panic;
use crate::runtimes;
use std::sync::mpsc::{self, Sender};
use std::time::Duration;

/// As long as a virtual time waits for a task.
const LIMIT: Duration = Duration::from_secs(1);

/// The clock stands still until this is dropped, or for [`LIMIT`] in real time.
#[derive(Debug)]
pub(super) struct Hold {
    _released: Sender<()>,
}

impl Hold {
    /// `None` if the caller is not inside a runtime whose clock it follows.
    pub(super) fn begin() -> Option<Hold> {
        if !paused::is_followed() {
            return None;
        }
        let runtime = runtimes::current()?;
        let (released, wait) = mpsc::channel();
        // If tokio can start no thread, it panics and keeps the closure in its queue, so the clock stands still until tokio
        // starts a thread for other work. That is rare: the caller has got a thread before.
        catch_panic(|| {
            runtime.spawn_blocking(move || {
                let _ = wait.recv_timeout(LIMIT);
            });
        });
        Some(Hold { _released: released })
    }
}
