//! The probes, and the order in which they run.
//!
//! Each probe creates instances of the future and misuses them in one way. A failure that a slow machine could also cause
//! is confirmed before it is reported: in most probes, by further attempts with longer timeouts.
//!
//! # Invariants
//! - A probe runs only if what it relies on works: if the future is never woken at all, no probe checks which waker is
//!   woken. So each defect is reported once, as the kind that fits it best.
//! - Probes that may damage what the instances share (a thread of the library under test, a global lock) come last, and
//!   run in a child process if possible.
//! - While a probe counts threads or descriptors, no other probe of this process runs.

mod attempt;
mod beside;
mod blocking_poll;
mod cancellation;
mod context;
mod damaging;
mod drop_after_wake;
mod executor_dependence;
mod firing;
mod leak_after_drop;
mod leak_per_poll;
mod pair;
mod panicking_waker;
mod plain_run;
mod poll_after_ready;
mod random_schedule;
mod reentrant_wake;
mod spurious_poll;
mod stale_waker;
mod thread_migration;
mod wake_before_ready;
mod wake_up_race;
mod waker_under_lock;

use crate::child::{self, Place, Role};
use crate::finding::Finding;
use crate::instance::Factory;
use crate::kind::Kind;
use crate::report::Report;
use crate::settings::Settings;
use context::ProbeContext;
use damaging::DamagingProbe;
use std::sync::{PoisonError, RwLock};
use std::time::Instant;

/// Held for reading by most probes, for writing by those that count threads or descriptors.
static PROBE_LOCK: RwLock<()> = RwLock::new(());

/// With one of these, no other probe gives a result.
const BASIC_FAILURES: [Kind; 3] = [Kind::Panics, Kind::NeverReady, Kind::WrongOutput];
/// With one of these, a probe cannot tell whether a wake-up is missing.
const WAKE_FAILURES: [Kind; 5] =
    [Kind::Panics, Kind::NeverReady, Kind::WrongOutput, Kind::BusyWake, Kind::LostWakeUp];

/// Runs all probes.
pub(crate) fn run(factory: Factory, settings: Settings) -> Report {
    let started = Instant::now();
    let place = Place::next();
    let role = place.role();
    let mut runner = Runner {
        context: ProbeContext::new(factory, settings, place),
        findings: Vec::new(),
        executed: Vec::new(),
        skipped: Vec::new(),
    };
    let executors = match role {
        Role::Check => run_each(&mut runner),
        Role::Earlier(verdict) => {
            let found =
                |(kind, note)| Finding { note, ..Finding::new(kind, "found by the parent") };
            runner.findings.extend(verdict.into_iter().map(found));
            let reason = "this child process runs a probe of a later check".to_owned();
            runner.skipped.push(("all", reason));
            Vec::new()
        }
        Role::Probe(job) => damaging::run_job(runner.context, &job),
    };

    first_poll_varies(&runner.context).into_iter().for_each(|finding| runner.add(finding));
    let Runner { context, mut findings, executed, skipped } = runner;
    findings.sort_by_key(|finding| (finding.note, finding.kind));
    child::remember(&findings);
    let mut unconfirmed = context.unconfirmed.into_inner();
    unconfirmed.retain(|one| findings.iter().all(|finding| finding.kind != one.kind));
    Report {
        name: context.settings.name,
        findings,
        unconfirmed,
        probes: executed,
        skipped,
        executors,
        instances: context.factory.instances(),
        out_of_time: context.budget.is_spent(),
        took: started.elapsed(),
    }
}

/// The limit of clippy's lint `large_futures`.
const LARGE: usize = 16 * 1024;

fn large_future(settings: &Settings) -> Option<Finding> {
    let size = settings.size;
    let headline = || format!("it has {size} bytes, which are copied whenever it is moved");
    (size > LARGE).then(|| Finding::new(Kind::LargeFuture, headline()))
}

fn first_poll_varies(context: &ProbeContext) -> Option<Finding> {
    let (ready, all) = context.factory.first_polls().difference()?;
    let headline = format!(
        "{ready} of {all} instances were ready at their first poll, before any event, and the others were pending"
    );
    Some(Finding::new(Kind::FirstPollVaries, headline))
}

/// Runs each probe, in order. Returns the results on the executors.
fn run_each(runner: &mut Runner) -> Vec<(&'static str, String)> {
    use Kind::{
        BlockingPoll, LeakPerPoll, PanicOnDrop, SpuriousPoll, StaleWaker, ThreadBound,
        WakeBeforeReady, WakeUnderLock, WakeUpRace,
    };
    if runner.context.factory.is_pair() {
        runner.shared(pair::NAME, &[], pair::probe);
        return Vec::new();
    }
    let with = |more: &[Kind], kinds: &[Kind]| [more, kinds].concat();
    let wake_obstacles = with(&[SpuriousPoll], &WAKE_FAILURES);

    large_future(&runner.context.settings).into_iter().for_each(|finding| runner.add(finding));
    runner.shared("plain run", &[], plain_run::probe);
    runner.shared("blocking poll", &BASIC_FAILURES, blocking_poll::probe);
    runner.shared("stale waker", &wake_obstacles, stale_waker::probe);
    runner.shared("thread migration", &wake_obstacles, thread_migration::probe);
    runner.shared("drop after each poll", &BASIC_FAILURES, cancellation::probe);
    runner.shared("drop after a wake-up", &wake_obstacles, drop_after_wake::probe);

    let has_stale_waker = runner.find(&[StaleWaker]).is_some();
    runner.exclusive("spurious polls", &with(&[BlockingPoll], &wake_obstacles), |context| {
        let leak = leak_per_poll::probe(context);
        leak.into_iter().chain(spurious_poll::probe(context, has_stale_waker))
    });
    runner.exclusive(
        "leaks after drop",
        &with(&[LeakPerPoll, PanicOnDrop, BlockingPoll], &BASIC_FAILURES),
        leak_after_drop::probe,
    );

    let race_obstacles = with(&[StaleWaker, ThreadBound, BlockingPoll], &wake_obstacles);
    runner.shared("wake before ready", &race_obstacles, wake_before_ready::probe);
    runner.shared(
        "wake-up race",
        &with(&[WakeBeforeReady, LeakPerPoll], &race_obstacles),
        wake_up_race::probe,
    );
    runner.shared(
        random_schedule::NAME,
        &with(&[WakeBeforeReady, WakeUpRace, LeakPerPoll], &race_obstacles),
        random_schedule::probe,
    );
    runner.shared("poll after ready", &WAKE_FAILURES, poll_after_ready::probe);
    let mut executors = Vec::new();
    runner.shared("every executor", &WAKE_FAILURES, |context| {
        let (finding, table) = executor_dependence::probe(context);
        executors = table;
        finding
    });

    runner.damaging(damaging::REENTRANT_WAKE, &race_obstacles);
    let panic_obstacles = with(&[WakeUnderLock], &race_obstacles);
    if runner.context.settings.is_allowed(WakeUnderLock) {
        // The panic would poison that lock, and what unwraps it in a destructor would abort the process.
        let reason =
            format!("{WakeUnderLock} is allowed, and a panic under a lock may abort the process");
        runner.skipped.push((damaging::PANICKING_WAKER.name, reason));
    } else {
        runner.damaging(damaging::PANICKING_WAKER, &panic_obstacles);
    }
    // The last one, because its note is of a kind that is a failure elsewhere.
    runner.shared("waker under lock", &panic_obstacles, waker_under_lock::probe);
    executors
}

/// Runs probes, and collects what they find.
struct Runner {
    context: ProbeContext,
    findings: Vec<Finding>,
    executed: Vec<&'static str>,
    skipped: Vec<(&'static str, String)>,
}

impl Runner {
    /// Runs a probe unless one of `obstacles` has been found.
    fn shared<I: IntoIterator<Item = Finding>>(
        &mut self,
        name: &'static str,
        obstacles: &[Kind],
        probe: impl FnOnce(&ProbeContext) -> I,
    ) {
        let lock = || PROBE_LOCK.read().unwrap_or_else(PoisonError::into_inner);
        self.run(lock, name, obstacles, probe);
    }

    /// Runs a probe while no other probe of this process runs.
    fn exclusive<I: IntoIterator<Item = Finding>>(
        &mut self,
        name: &'static str,
        obstacles: &[Kind],
        probe: impl FnOnce(&ProbeContext) -> I,
    ) {
        let lock = || PROBE_LOCK.write().unwrap_or_else(PoisonError::into_inner);
        self.run(lock, name, obstacles, probe);
    }

    /// Runs a probe that may permanently damage what the instances share, unless the kind that it looks for is allowed.
    fn damaging(&mut self, probe: DamagingProbe, obstacles: &[Kind]) {
        let unsure = self
            .context
            .unconfirmed
            .borrow()
            .iter()
            .any(|finding| finding.kind == Kind::ThreadBound);
        let reason = if self.context.settings.is_allowed(probe.kind) {
            Some(format!("{} is allowed, and provoking it may do damage", probe.kind))
        } else {
            // It moves instances to other threads.
            unsure.then(|| format!("no result because of: {}, not confirmed", Kind::ThreadBound))
        };
        match reason {
            Some(reason) => self.skipped.push((probe.name, reason)),
            None => self.shared(probe.name, obstacles, |context| probe.run(context)),
        }
    }

    fn run<G, I: IntoIterator<Item = Finding>>(
        &mut self,
        lock: impl FnOnce() -> G,
        name: &'static str,
        obstacles: &[Kind],
        probe: impl FnOnce(&ProbeContext) -> I,
    ) {
        if let Some(reason) = self.skip_reason(obstacles) {
            self.skipped.push((name, reason));
            return;
        }
        let findings: Vec<Finding> = {
            let _guard = lock();
            probe(&self.context).into_iter().collect()
        };
        let left_out = self.context.left_out.take();
        if self.context.budget.is_spent() {
            self.skipped.push((name, self.out_of_time("before its end")));
        } else if !left_out.iter().any(|(probe, _)| *probe == name) {
            self.executed.push(name);
        }
        self.skipped.extend(left_out);
        findings.into_iter().for_each(|finding| self.add(finding));
    }

    fn skip_reason(&self, obstacles: &[Kind]) -> Option<String> {
        if let Some(kind) = self.find(obstacles) {
            return Some(format!("no result because of: {kind}"));
        }
        if self.context.poll_hung.get() {
            return Some("a poll has not returned".to_owned());
        }
        if self.context.never_ready.get() {
            return Some("it is never ready".to_owned());
        }
        self.context.budget.is_spent().then(|| self.out_of_time("before"))
    }

    fn out_of_time(&self, when: &str) -> String {
        format!("the time limit of {:?} was reached {when}", self.context.settings.time_limit)
    }

    fn find(&self, kinds: &[Kind]) -> Option<Kind> {
        self.findings.iter().map(Finding::kind).find(|kind| kinds.contains(kind))
    }

    /// Keeps the first finding of each kind: several probes may find a defect, and the first has the smallest
    /// reproduction.
    fn add(&mut self, mut finding: Finding) {
        if self.find(&[finding.kind]).is_none() {
            finding.note = self.context.settings.is_note(finding.kind, finding.note);
            self.findings.push(finding);
        }
    }
}
