//! Wakers are anybody's code.

use crate::probe::{FIRES, Probe, poll_with, some, then, watch};
use crate::subject::{Nap, Subject};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Wake, Waker};
use std::time::{Duration, Instant};

struct Call<F>(F);

impl<F: Fn() + Send + Sync> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

fn waker(call: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Call(call)))
}

/// What a waker of these panics with.
pub(crate) const OUR_PANIC: &str = "a waker that panics";

/// Others due before and after one whose waker panics, and others that come later.
pub(super) fn panicking(subject: Subject) -> String {
    let _context = subject.enter();
    let before = Probe::new(subject, 1000);
    let mut panicking = (subject.sleep)(Duration::from_millis(10));
    poll_with(&mut panicking, &waker(|| panic!("{OUR_PANIC}")));
    let mut others: Vec<_> = [10, 11, 20, 50].map(|ms| Probe::new(subject, ms)).into();
    others.push(before);
    let seen = watch(&mut others);
    then(seen, || watch(&mut some(subject)))
}

/// Others due while a waker takes a second.
pub(super) fn slow(subject: Subject) -> String {
    let _context = subject.enter();
    let mut slow = (subject.sleep)(Duration::from_millis(10));
    poll_with(&mut slow, &waker(|| std::thread::sleep(Duration::from_secs(1))));
    std::thread::sleep(Duration::from_millis(20));
    let seen = watch(&mut some(subject));
    then(seen, || watch(&mut some(subject)))
}

/// How many are due at once.
const MANY: usize = 100_000;
const PATIENCE: Duration = Duration::from_secs(20);

/// A hundred thousand due at once, whose wakers create as many again. Three times over, with no more memory.
pub(super) fn storm(subject: Subject) -> String {
    let _context = subject.enter();
    let mut seen = FIRES.to_owned();
    let mut peaks = Vec::new();
    for _ in 0..3 {
        seen = then(seen, || storm_once(subject));
        peaks.push(peak_kib());
    }
    if seen == FIRES && peaks[2] > peaks[0] + peaks[0] / 2 {
        return format!("{FIRES}, and memory grows: {peaks:?} KiB");
    }
    then(seen, || watch(&mut some(subject)))
}

#[derive(Default)]
struct Storm {
    /// Those that were created by a waker.
    later: Mutex<Vec<Nap>>,
    fired: AtomicUsize,
}

fn storm_once(subject: Subject) -> String {
    let storm = Arc::new(Storm::default());
    let context = tokio::runtime::Handle::try_current().ok();
    let create_more = |storm: &Arc<Storm>| {
        let (storm, context) = (storm.clone(), context.clone());
        waker(move || {
            let _context = context.as_ref().map(tokio::runtime::Handle::enter);
            let mut nap = (subject.sleep)(Duration::from_millis(10));
            let counted = storm.clone();
            let count = waker(move || {
                counted.fired.fetch_add(1, Ordering::SeqCst);
            });
            poll_with(&mut nap, &count);
            storm.later.lock().expect("no panic").push(nap);
        })
    };
    let due = Instant::now() + Duration::from_millis(500);
    let mut naps = Vec::with_capacity(MANY);
    for _ in 0..MANY {
        let mut nap = (subject.sleep)(due.saturating_duration_since(Instant::now()));
        poll_with(&mut nap, &create_more(&storm));
        naps.push(nap);
    }
    let until = Instant::now() + PATIENCE;
    while storm.fired.load(Ordering::SeqCst) < MANY {
        if Instant::now() > until {
            return "some never fire".to_owned();
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(naps);
    let later = std::mem::take(&mut *storm.later.lock().expect("no panic"));
    drop(later);
    FIRES.to_owned()
}

/// The most memory that this process has had.
fn peak_kib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    peak.and_then(|kib| kib.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}
