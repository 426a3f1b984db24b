//! Wakers that panic, block, or create more sleeps.

use crate::library::{BoxSleep, Library};
use crate::outcome::{FIRES, INTENDED_PANIC, SOME_NEVER_FIRE, and_then};
use crate::tracked_sleep::{TrackedSleep, observe, poll_with, some_sleeps};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

struct CallOnWake<F>(F);

impl<F: Fn() + Send + Sync> Wake for CallOnWake<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn waker(call: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(CallOnWake(call)))
}

/// One waker panics. Sleeps that are due before and after it, and later ones, have to fire.
pub(super) fn panicking(library: Library) -> String {
    let _context = library.enter();
    let before = TrackedSleep::new(library, 1000);
    let mut panicking = (library.sleep)(Duration::from_millis(10));
    poll_with(&mut panicking, &waker(|| panic!("{INTENDED_PANIC}")));
    let mut others: Vec<_> = [10, 11, 20, 50].map(|ms| TrackedSleep::new(library, ms)).into();
    others.push(before);
    let outcome = observe(&mut others);
    and_then(outcome, || observe(&mut some_sleeps(library)))
}

/// Others are due while one waker blocks for a second.
pub(super) fn slow(library: Library) -> String {
    let _context = library.enter();
    let mut slow = (library.sleep)(Duration::from_millis(10));
    poll_with(&mut slow, &waker(|| std::thread::sleep(Duration::from_secs(1))));
    std::thread::sleep(Duration::from_millis(20));
    let outcome = observe(&mut some_sleeps(library));
    and_then(outcome, || observe(&mut some_sleeps(library)))
}

/// How many sleeps of a storm are due at once.
const STORM_SLEEPS: usize = 100_000;
const STORM_TIMEOUT: Duration = Duration::from_secs(20);

/// 100,000 sleeps are due at once, and their wakers create as many again. Three times; memory must not grow.
pub(super) fn storm(library: Library) -> String {
    let _context = library.enter();
    let mut outcome = FIRES.to_owned();
    let mut peaks = Vec::new();
    for _ in 0..3 {
        outcome = and_then(outcome, || storm_once(library));
        peaks.push(peak_kib());
    }
    if outcome == FIRES && peaks[2] > peaks[0] + peaks[0] / 2 {
        return format!("{FIRES}, and memory grows: {peaks:?} KiB");
    }
    and_then(outcome, || observe(&mut some_sleeps(library)))
}

#[derive(Default)]
struct Storm {
    /// Those that a waker has created.
    created_by_wakers: Mutex<Vec<BoxSleep>>,
    fired: AtomicUsize,
}

fn storm_once(library: Library) -> String {
    let storm = Arc::new(Storm::default());
    let context = tokio::runtime::Handle::try_current().ok();
    let create_another = |storm: &Arc<Storm>| {
        let (storm, context) = (storm.clone(), context.clone());
        waker(move || {
            let _context = context.as_ref().map(tokio::runtime::Handle::enter);
            let mut sleep = (library.sleep)(Duration::from_millis(10));
            let counted = storm.clone();
            let count = waker(move || {
                counted.fired.fetch_add(1, Ordering::SeqCst);
            });
            poll_with(&mut sleep, &count);
            storm.created_by_wakers.lock().expect("no panic").push(sleep);
        })
    };
    let due = Instant::now() + Duration::from_millis(500);
    let mut sleeps = Vec::with_capacity(STORM_SLEEPS);
    for _ in 0..STORM_SLEEPS {
        let mut sleep = (library.sleep)(due.saturating_duration_since(Instant::now()));
        poll_with(&mut sleep, &create_another(&storm));
        sleeps.push(sleep);
    }
    let until = Instant::now() + STORM_TIMEOUT;
    while storm.fired.load(Ordering::SeqCst) < STORM_SLEEPS {
        if Instant::now() > until {
            return SOME_NEVER_FIRE.to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(sleeps);
    let created_by_wakers = std::mem::take(&mut *storm.created_by_wakers.lock().expect("no panic"));
    drop(created_by_wakers);
    FIRES.to_owned()
}

/// The peak of this process's resident memory.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|kib| kib.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
