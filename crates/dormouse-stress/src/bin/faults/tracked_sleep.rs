//! Sleeps whose completion is recorded.
//!
//! Nothing here waits with the library under test or needs another thread.

use crate::library::{BoxSleep, Library};
use crate::outcome::{FIRES, NEVER_FIRES, SOME_NEVER_FIRE};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// A sleep that has not fired this long after its deadline never fires, on a loaded machine too.
const TIMEOUT: Duration = Duration::from_secs(6);
/// Less is not reported as late: the machine may be loaded.
const LATE: Duration = Duration::from_millis(700);

/// A waker that sets a flag.
#[derive(Default)]
struct WakeFlag(AtomicBool);

impl Wake for WakeFlag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl WakeFlag {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// A sleep that has been polled at least once.
pub(crate) struct TrackedSleep {
    due: Instant,
    sleep: BoxSleep,
    woken: Arc<WakeFlag>,
    completed: Option<Instant>,
}

impl TrackedSleep {
    pub(crate) fn new(library: Library, ms: u64) -> TrackedSleep {
        let time = Duration::from_millis(ms);
        let due = Instant::now() + time;
        TrackedSleep::from_sleep((library.sleep)(time), due)
    }

    /// Takes a sleep that was created elsewhere, and polls it for the first time.
    pub(crate) fn from_sleep(sleep: BoxSleep, due: Instant) -> TrackedSleep {
        let mut tracked = TrackedSleep { due, sleep, woken: Arc::default(), completed: None };
        tracked.poll();
        tracked
    }

    /// Polls it again, whether it was woken or not.
    pub(crate) fn poll(&mut self) {
        if self.completed.is_some() {
            return;
        }
        let waker = Waker::from(self.woken.clone());
        if self.sleep.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
            self.completed = Some(Instant::now());
        }
    }

    fn poll_if_woken(&mut self) -> bool {
        if self.completed.is_none() && self.woken.take() {
            self.poll();
        }
        self.completed.is_some()
    }
}

/// Some sleeps of different lengths.
pub(crate) fn some_sleeps(library: Library) -> Vec<TrackedSleep> {
    [0, 1, 5, 20, 50, 100].map(|ms| TrackedSleep::new(library, ms)).into()
}

/// Polls once, and calls the waker if the sleep has completed already.
pub(crate) fn poll_with(sleep: &mut BoxSleep, waker: &Waker) {
    if sleep.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
        waker.wake_by_ref();
    }
}

/// Waits until all have completed or time out, and returns the outcome.
pub(crate) fn observe(sleeps: &mut [TrackedSleep]) -> String {
    if let Some(outcome) = wait_for_all(sleeps) {
        return outcome;
    }
    let completed = |sleep: &TrackedSleep| sleep.completed.unwrap_or(sleep.due);
    if sleeps.iter().any(|sleep| completed(sleep) < sleep.due) {
        return "fires early".to_owned();
    }
    let late =
        sleeps.iter().map(|sleep| completed(sleep).saturating_duration_since(sleep.due)).max();
    let late = late.unwrap_or_default();
    if late < LATE {
        return FIRES.to_owned();
    }
    format!("{FIRES}, {:.0} s late", late.as_secs_f64())
}

/// Waits until all have completed, and returns an outcome only if they time out. The clock fault disturbs the time
/// limit too.
pub(crate) fn wait_for_all(sleeps: &mut [TrackedSleep]) -> Option<String> {
    let last = sleeps.iter().map(|sleep| sleep.due).max().unwrap_or_else(Instant::now);
    let until = last.max(Instant::now()) + TIMEOUT;
    loop {
        let pending =
            sleeps.iter_mut().filter_map(|sleep| (!sleep.poll_if_woken()).then_some(())).count();
        if pending == 0 {
            return None;
        }
        if Instant::now() > until {
            let all = pending == sleeps.len();
            return Some(if all { NEVER_FIRES } else { SOME_NEVER_FIRE }.to_owned());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
}
