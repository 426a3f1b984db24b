//! Work on another thread, while this one waits for it.

use crate::panics;
use crate::process::{self, SNAPSHOT_INTERVAL};
use crate::timeout::check_every;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};

/// How many times, at intervals of `SNAPSHOT_INTERVAL`, to check a thread that neither ends nor sleeps.
const MAX_CHECKS: u32 = 250;

pub(super) type Work = Box<dyn FnOnce() + Send>;

/// Starts the work on another thread. Waits until it has ended, and `finished` is set; or until its thread sleeps: then it
/// waits for a lock of this thread, or for something else. Returns whether it sleeps; `None` if no thread can be started.
pub(super) fn run(work: Work, finished: &Arc<AtomicBool>, heartbeat: impl Fn()) -> Option<bool> {
    let id = Arc::new(AtomicU32::new(0));
    process::spawn({
        let (finished, id) = (finished.clone(), id.clone());
        move || {
            id.store(process::current_thread_id().unwrap_or(0), SeqCst);
            let _ = panics::catch(work);
            finished.store(true, SeqCst);
        }
    })?;
    let (mut state, mut sleeps) = (None, false);
    check_every(SNAPSHOT_INTERVAL, MAX_CHECKS, || {
        heartbeat();
        // Asleep, and not run since the last check.
        let last_state = state.take();
        state = process::thread(id.load(SeqCst)).filter(|state| state.asleep);
        let finished = finished.load(SeqCst);
        sleeps = state.is_some() && state == last_state && !finished;
        sleeps || finished
    });
    Some(sleeps)
}
