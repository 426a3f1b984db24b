//! Sleeps whose end is watched.
//!
//! Nothing here waits by what is under test, and nothing needs a thread.

use crate::subject::{Nap, Subject};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::{Duration, Instant};

/// Later than any sleep fires that fires at all, on a loaded machine too.
const PATIENCE: Duration = Duration::from_secs(6);
/// Less is not called late: the machine may be loaded.
const LATE: Duration = Duration::from_millis(700);

/// A waker that takes note.
#[derive(Default)]
pub(crate) struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::SeqCst);
    }
}

impl Flag {
    fn take(&self) -> bool {
        self.0.swap(false, Ordering::SeqCst)
    }
}

/// A sleep that has been polled.
pub(crate) struct Probe {
    due: Instant,
    nap: Nap,
    flag: Arc<Flag>,
    ended: Option<Instant>,
}

impl Probe {
    pub(crate) fn new(subject: Subject, ms: u64) -> Probe {
        let time = Duration::from_millis(ms);
        let due = Instant::now() + time;
        Probe::of((subject.sleep)(time), due)
    }

    /// A sleep that was created elsewhere, and is polled here for the first time.
    pub(crate) fn of(nap: Nap, due: Instant) -> Probe {
        let mut probe = Probe { due, nap, flag: Arc::default(), ended: None };
        probe.poll();
        probe
    }

    /// Polls it again, here.
    pub(crate) fn poll(&mut self) {
        if self.ended.is_some() {
            return;
        }
        let waker = Waker::from(self.flag.clone());
        if self.nap.as_mut().poll(&mut Context::from_waker(&waker)) == Poll::Ready(()) {
            self.ended = Some(Instant::now());
        }
    }

    fn look(&mut self) -> bool {
        if self.ended.is_none() && self.flag.take() {
            self.poll();
        }
        self.ended.is_some()
    }
}

/// Some sleeps of different lengths.
pub(crate) fn some(subject: Subject) -> Vec<Probe> {
    [0, 1, 5, 20, 50, 100].map(|ms| Probe::new(subject, ms)).into()
}

/// Polls once, and calls the waker of what is over already.
pub(crate) fn poll_with(nap: &mut Nap, waker: &Waker) {
    if nap.as_mut().poll(&mut Context::from_waker(waker)).is_ready() {
        waker.wake_by_ref();
    }
}

/// Waits until all have ended, or long enough, and says what was seen.
pub(crate) fn watch(probes: &mut [Probe]) -> String {
    if let Some(missed) = await_all(probes) {
        return missed;
    }
    let ended = |probe: &Probe| probe.ended.unwrap_or(probe.due);
    if probes.iter().any(|probe| ended(probe) < probe.due) {
        return "fires early".to_owned();
    }
    let late = probes.iter().map(|probe| ended(probe).saturating_duration_since(probe.due)).max();
    let late = late.unwrap_or_default();
    if late < LATE {
        return FIRES.to_owned();
    }
    format!("{FIRES}, {:.0} s late", late.as_secs_f64())
}

/// Waits until all have ended, and says so if they do not. By a clock that is not to be trusted.
pub(crate) fn await_all(probes: &mut [Probe]) -> Option<String> {
    let last = probes.iter().map(|probe| probe.due).max().unwrap_or_else(Instant::now);
    let until = last.max(Instant::now()) + PATIENCE;
    loop {
        let waiting = probes.iter_mut().filter_map(|probe| (!probe.look()).then_some(())).count();
        if waiting == 0 {
            break;
        }
        if Instant::now() > until {
            let missed = if waiting < probes.len() { "some never fire" } else { "never fires" };
            return Some(missed.to_owned());
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    None
}

/// What is to be seen.
pub(crate) const FIRES: &str = "fires";
/// What is to be seen of a process that ends.
pub(crate) const EXITS: &str = "exits";

/// Whether that is what was seen.
pub(crate) fn survives(found: &str) -> bool {
    found.starts_with(FIRES) || found == EXITS
}

/// Goes on looking, if all is well up to now.
pub(crate) fn then(found: String, more: impl FnOnce() -> String) -> String {
    if found == FIRES { more() } else { found }
}
