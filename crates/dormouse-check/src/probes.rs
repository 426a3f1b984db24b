//! The probes, and the order in which they run.
//!
//! Each probe makes copies of the subject and tries one kind of hostility on them. What it sees at first it
//! tries again with more patience, and reports it only if it comes out the same.
//!
//! # Invariants
//! - A probe runs only if what it relies on holds: where the future is never woken at all, nothing is said about
//!   who is woken. So each defect is found once, by the name that fits it best.
//! - Probes that may damage what copies share (a thread of the library under test, a global lock) come last.
//! - While a probe counts threads or descriptors, no other probe of this process runs.

mod after;
mod blocking;
mod cancel;
mod early;
mod executors;
mod leak;
mod left;
mod moves;
mod panicking;
mod plain;
mod race;
mod reentrant;
mod stale;
mod sweep;

use crate::check::Settings;
use crate::drive::{Drive, Wakers};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::patience::Patience;
use crate::process;
use crate::report::Report;
use crate::stage::{self, Staged};
use crate::subject::Factory;
use crate::task::Task;
use std::cell::Cell;
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, Instant};

/// Taken for reading by whoever probes, for writing by whoever counts.
static PROBING: RwLock<()> = RwLock::new(());

/// What is waited for beyond the time that it takes the future to be ready.
const SPARE: Patience = Patience(15);

/// What a probe works with.
pub(crate) struct Probing {
    pub(crate) factory: Factory,
    pub(crate) settings: Settings,
    /// How long it takes the future to be ready, on this machine as it is.
    pub(crate) natural: Duration,
    /// The least that it was seen to take.
    pub(crate) soonest: Duration,
    /// The thread that runs the check, by its id.
    pub(crate) caller: Option<u32>,
    /// A poll did not return. So would others.
    pub(crate) gave_up: Cell<bool>,
    findings: Vec<Finding>,
    ran: Vec<&'static str>,
    skipped: Vec<(&'static str, String)>,
}

impl Probing {
    /// How long to wait for a wake-up, at the n-th attempt.
    pub(crate) fn wake(&self, attempt: u32) -> Patience {
        Patience::of(self.natural).times(2).and(SPARE).times(1 << attempt)
    }

    /// How long nothing may happen before a thread is given up.
    pub(crate) fn idle(&self) -> Patience {
        Patience::of(self.settings.time_limit)
    }

    /// Drives as a good executor does.
    pub(crate) fn fair(&self, attempt: u32) -> Drive {
        Drive {
            wake: self.wake(attempt),
            yields: self.settings.yields,
            wakers: Wakers::One,
            prompt: false,
        }
    }

    /// Runs something on a thread that can be given up.
    pub(crate) fn stage<R: Send + 'static>(
        &self,
        task: &Arc<Task>,
        code: impl FnOnce(&Factory) -> R + Send + 'static,
    ) -> Staged<R> {
        let factory = self.factory.clone();
        stage::run(task, self.idle(), &self.settings.around, move || code(&factory))
    }

    /// Tries up to three times, each with more patience. What does not come out thrice is not reported.
    pub(crate) fn confirmed(
        &self,
        mut attempt: impl FnMut(&Probing, u32) -> Option<Finding>,
    ) -> Option<Finding> {
        let mut found = None;
        for number in 0..3 {
            found = Some(attempt(self, number)?);
        }
        found
    }

    fn has(&self, kinds: &[Kind]) -> Option<Kind> {
        self.findings.iter().map(Finding::kind).find(|kind| kinds.contains(kind))
    }

    fn found(&mut self, finding: impl IntoIterator<Item = Finding>) {
        for mut finding in finding {
            // One defect shows in several probes; the first has the smallest reproduction.
            if self.findings.iter().all(|known| known.kind != finding.kind) {
                finding.note = self.settings.is_note(finding.kind);
                self.findings.push(finding);
            }
        }
    }

    fn makes_no_sense(&mut self, name: &'static str, needs_absence: &[Kind]) -> bool {
        if let Some(kind) = self.has(needs_absence) {
            self.skipped.push((name, format!("makes no sense with: {kind}")));
        } else if self.gave_up.get() {
            self.skipped.push((name, "a poll has not returned".into()));
        } else {
            return false;
        }
        true
    }

    /// Runs a probe, unless one of the findings stands in its way.
    fn probe<I: IntoIterator<Item = Finding>>(
        &mut self,
        name: &'static str,
        needs_absence: &[Kind],
        probe: impl FnOnce(&mut Probing) -> I,
    ) {
        let beside_others = || PROBING.read().unwrap_or_else(PoisonError::into_inner);
        self.probe_within(beside_others, name, needs_absence, probe);
    }

    /// Runs a probe that may do lasting damage to what copies share, unless what it looks for is allowed.
    fn damaging(
        &mut self,
        name: &'static str,
        kind: Kind,
        needs_absence: &[Kind],
        probe: impl FnOnce(&mut Probing) -> Option<Finding>,
    ) {
        if self.settings.is_note(kind) {
            self.skipped.push((name, format!("{kind} is allowed, and provoking it may do damage")));
        } else {
            self.probe(name, needs_absence, probe);
        }
    }

    /// Runs a probe while no other one of this process runs.
    fn counting<I: IntoIterator<Item = Finding>>(
        &mut self,
        name: &'static str,
        needs_absence: &[Kind],
        probe: impl FnOnce(&mut Probing) -> I,
    ) {
        let alone = || PROBING.write().unwrap_or_else(PoisonError::into_inner);
        self.probe_within(alone, name, needs_absence, probe);
    }

    fn probe_within<G, I: IntoIterator<Item = Finding>>(
        &mut self,
        lock: impl FnOnce() -> G,
        name: &'static str,
        needs_absence: &[Kind],
        probe: impl FnOnce(&mut Probing) -> I,
    ) {
        if self.makes_no_sense(name, needs_absence) {
            return;
        }
        self.ran.push(name);
        let findings = {
            let _lock = lock();
            probe(self)
        };
        self.found(findings);
    }
}

/// Runs all of them.
pub(crate) fn run(factory: Factory, settings: Settings) -> Report {
    use Kind::{
        BlockingPoll, BrokenByPanic, BusyWake, LeakPerPoll, LostWakeUp, NeverReady, PanicOnDrop,
        Panics, SpuriousPoll, StaleWaker, ThreadBound, WakeBeforeReady, WakeUnderLock, WrongOutput,
    };
    /// With these, nothing else can be said.
    const HOPELESS: [Kind; 3] = [Panics, NeverReady, WrongOutput];
    /// With these, wake-ups cannot be told apart.
    const NO_WAKE: [Kind; 5] = [Panics, NeverReady, WrongOutput, BusyWake, LostWakeUp];

    let started = Instant::now();
    let mut probing = Probing {
        factory,
        settings,
        natural: Duration::ZERO,
        soonest: Duration::ZERO,
        gave_up: Cell::new(false),
        caller: process::own_id(),
        findings: Vec::new(),
        ran: Vec::new(),
        skipped: Vec::new(),
    };
    let mut executors = Vec::new();

    let stuck = |more: &[Kind], kinds: &[Kind]| [more, kinds].concat();
    probing.probe("plain run", &[], plain::probe);
    probing.probe("blocking poll", &HOPELESS, blocking::probe);
    probing.probe("stale waker", &stuck(&[SpuriousPoll], &NO_WAKE), stale::probe);
    probing.probe("thread moves", &stuck(&[SpuriousPoll], &NO_WAKE), moves::probe);
    probing.probe("drop after each poll", &HOPELESS, cancel::probe);
    probing.counting(
        "spurious polls",
        &stuck(&[SpuriousPoll, BlockingPoll], &NO_WAKE),
        leak::probe,
    );
    probing.counting(
        "left behind",
        &stuck(&[LeakPerPoll, PanicOnDrop, BlockingPoll], &HOPELESS),
        left::probe,
    );
    let racing = stuck(&[StaleWaker, ThreadBound, SpuriousPoll, BlockingPoll], &NO_WAKE);
    probing.probe("early wake-up", &racing, early::probe);
    probing.probe("wake-up race", &stuck(&[WakeBeforeReady, LeakPerPoll], &racing), race::probe);
    probing.probe("poll after ready", &NO_WAKE, after::probe);
    probing.probe("every executor", &NO_WAKE, |probing| {
        let (finding, table) = executors::probe(probing);
        executors = table;
        finding
    });
    let broken = stuck(&[WakeUnderLock], &racing);
    probing.damaging("wake inside of wake", WakeUnderLock, &racing, reentrant::probe);
    probing.damaging("panicking waker", BrokenByPanic, &broken, panicking::probe);

    let Probing { factory, settings, mut findings, ran, skipped, .. } = probing;
    findings.sort_by_key(|finding| (finding.note, finding.kind));
    Report {
        name: settings.name,
        findings,
        probes: ran,
        skipped,
        executors,
        copies: factory.copies.load(SeqCst),
        took: started.elapsed(),
    }
}
