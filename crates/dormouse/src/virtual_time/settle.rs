//! Waiting, before time goes on, for those who can run.
//!
//! Of scoped futures it is known whether they can: they have been woken, or are being polled. Of others it is not; so
//! the executor gets a chance to run them, by a few yields, and more as long as they make or complete sleeps.
//!
//! # Invariants
//! - Nobody waits for himself: the scopes inside which somebody waits are excused meanwhile, so that two who
//!   wait for others to run do not wait for each other.
//! - Who may go on is asked under the lock of the clocks. So of two who move the time, the second sees whom the first
//!   has fired.
//! - A wait ends. A scoped future that has been woken may never be polled, because its executor is gone, or it may
//!   never stop to wake itself. After `PATIENCE`, those who are busy are passed over, until fewer are.

use super::Shared;
use super::current::scopes_here;
use super::state::State;
use crate::sync::lock;
use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::task::Poll;
use std::time::{Duration, Instant};

/// How long, in real time, others are waited for.
const PATIENCE: Duration = Duration::from_secs(1);
/// So many yields in a row after which nothing has happened are enough.
const QUIET_YIELDS: u32 = 8;
/// So many are enough, whatever happens outside scopes.
const MOST_YIELDS: u32 = 10_000;
/// After so many, the others are on other threads.
const LOCAL_YIELDS: u32 = 64;

/// Somebody who waits for others to run.
pub(super) struct Settling {
    time: Arc<Shared>,
    excused: usize,
    since: Option<Instant>,
}

impl Settling {
    /// By the code that calls.
    pub(super) fn begin(time: &Arc<Shared>) -> Settling {
        let excused = scopes_here(time);
        time.excused.fetch_add(excused, Ordering::SeqCst);
        Settling { time: time.clone(), excused, since: None }
    }

    /// Whether there is anybody to be waited for.
    pub(super) fn others_run(&mut self) -> bool {
        let busy = self.time.busy.load(Ordering::SeqCst);
        let others = busy.saturating_sub(self.time.excused.load(Ordering::SeqCst));
        let passed_over = self.time.passed_over.fetch_min(others, Ordering::SeqCst).min(others);
        if others == passed_over {
            self.since = None;
            return false;
        }
        if self.since.get_or_insert_with(Instant::now).elapsed() < PATIENCE {
            return true;
        }
        self.time.passed_over.store(others, Ordering::SeqCst);
        self.since = None;
        false
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        self.time.excused.fetch_sub(self.excused, Ordering::SeqCst);
    }
}

/// Yields to the executor until nobody else can run, and then goes on with the time, before anybody can again.
pub(super) async fn settle<R>(time: &Arc<Shared>, mut go_on: impl FnMut(&mut State) -> R) -> R {
    let mut settling = None;
    let mut yields = 0;
    let mut quiet = 0;
    let mut seen = 0;
    let yielded = poll_fn(|cx| {
        let settling = settling.get_or_insert_with(|| Settling::begin(time));
        let activity = time.activity.load(Ordering::SeqCst);
        quiet = if activity == seen { quiet + 1 } else { 0 };
        seen = activity;
        let enough = quiet >= QUIET_YIELDS || yields >= MOST_YIELDS;
        if enough {
            let mut state = lock(&time.state);
            if !settling.others_run() {
                return Poll::Ready(go_on(&mut state));
            }
        }
        yields += 1;
        if yields > LOCAL_YIELDS {
            std::thread::yield_now();
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    yielded.await
}
