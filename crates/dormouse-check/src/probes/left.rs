//! What a copy leaves behind when it is dropped: threads, file descriptors, wakers.
//!
//! Threads and descriptors belong to the process, and others start and open some as well: a library starts its
//! thread when the first future needs it, another test opens a file. So what is seen once is only a suspicion. It is
//! reported if one copy after the other leaves something, and nothing appears in the pauses between them.
//!
//! A thread is left behind if it sleeps on while every other one sleeps, too: then nobody is on the way to tell it
//! that it is over. A thread that has been told, and waits for a CPU, does not sleep.

use crate::drive::Drivable;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::probes::cancel::Cut;
use crate::process::{self, GLIMPSE, ThreadSeen};
use crate::stage::Staged;
use crate::task::Task;
use crate::timeline::Entry;
use std::collections::BTreeMap;
use std::time::Duration;

/// How many copies, and as many pauses, have to agree.
const COPIES: u32 = 6;
/// How many looks in a row may come too late to say anything.
const SPOILT: u32 = 200;
/// A look that comes sooner than this after the poll sees every thread that the poll has started.
const PROMPT: Duration = Duration::from_millis(2);
/// A task that is woken more often than this after the drop is woken for ever.
const WAKES: u32 = 3;

/// What was seen after a copy had been dropped.
#[derive(Clone, Debug, Default)]
struct Seen {
    threads: Vec<String>,
    fds: Vec<String>,
    /// Clones of the waker that somebody keeps.
    wakers: usize,
    /// How often the waker was woken after the drop.
    wakes: u32,
    /// The copy was over before it could be dropped.
    over: bool,
    /// This look came so late that what it has not seen says nothing.
    spoilt: bool,
}

/// What to look for.
#[derive(Clone, Copy, Debug)]
struct Look {
    /// How long a thread has to sleep on.
    nap: Duration,
    /// How long to wait for the last waker to be dropped, and the last descriptor to be closed.
    wait: Patience,
    /// Otherwise, wakers are not looked at, and descriptors not for longer than until everybody sleeps.
    thorough: bool,
}

impl Look {
    /// Where it takes long until a thread runs, a shorter nap is what it gets.
    fn after(self, spoilt: u32) -> Look {
        Look { nap: (self.nap / (1 << (spoilt % 3))).max(GLIMPSE), ..self }
    }
}

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    let mut over = false;
    for cut in Cut::all(probing.settings.polls) {
        if over && !cut.hasty {
            continue;
        }
        let look = Look { nap: nap(probing), wait: probing.wake(0), thorough: true };
        let mut seen = see(probing, Some(cut), look);
        // A thread may be started at any poll; most are at the first.
        for spoilt in 1..if cut.polls == 1 || cut.hasty { SPOILT / 4 } else { 2 } {
            let nothing = |(seen, _): &(Seen, _)| seen.wakers == 0 && seen.fds.is_empty();
            if seen.as_ref().is_some_and(|seen| seen.0.spoilt && nothing(seen)) {
                seen = see(probing, Some(cut), look.after(spoilt));
            }
        }
        let (seen, log) = seen?;
        over |= seen.over;
        let found = wakes(probing, cut, &seen, &log)
            .or_else(|| threads(probing, cut, &seen, &log))
            .or_else(|| fds(probing, cut, &seen, &log))
            .or_else(|| wakers(probing, cut, &seen));
        if found.is_some() {
            return found;
        }
    }
    None
}

/// A third of what the future takes: a thread that sleeps for as long as that has not been told to end, and one that
/// sleeps until the future would be ready sleeps still.
fn nap(probing: &Probing) -> Duration {
    (probing.soonest / 3).clamp(GLIMPSE, Duration::from_millis(100))
}

fn wakes(probing: &Probing, cut: Cut, seen: &Seen, log: &[Entry]) -> Option<Finding> {
    let again = |seen: &Seen| seen.wakers > 0 && seen.wakes >= WAKES;
    if !again(seen) {
        return None;
    }
    for attempt in 1..3 {
        let look = Look { wait: probing.wake(attempt), ..quick(probing) };
        let (seen, _) = see(probing, Some(cut), Look { thorough: true, ..look })?;
        if !again(&seen) {
            return None;
        }
    }
    Some(woken_on(cut, log))
}

fn woken_on(cut: Cut, log: &[Entry]) -> Finding {
    let headline = format!("{}, its task is woken again and again", dropped(cut));
    Finding::new(Kind::WakesAfterDrop, headline).log(log).blame(log, |_| true)
}

fn threads(probing: &Probing, cut: Cut, seen: &Seen, log: &[Entry]) -> Option<Finding> {
    let name = seen.threads.first()?;
    if !each_copy(probing, cut, quick(probing), |seen| !seen.threads.is_empty()) {
        return None;
    }
    let headline = format!("{}, a thread that it started sleeps on: `{name}`", dropped(cut));
    let finding = Finding::new(Kind::ThreadLeft, headline).log(log).detail(agreement());
    Some(if seen.wakers > 0 {
        finding
            .detail(format!("{} of its waker is kept, perhaps by that thread", clones(seen.wakers)))
    } else {
        finding
    })
}

fn fds(probing: &Probing, cut: Cut, seen: &Seen, log: &[Entry]) -> Option<Finding> {
    let fd = seen.fds.first()?;
    if !each_copy(probing, cut, quick(probing), |seen| !seen.fds.is_empty()) {
        return None;
    }
    let headline = format!("{}, a file descriptor stays open: {fd}", dropped(cut));
    Some(Finding::new(Kind::FdLeft, headline).log(log).detail(agreement()))
}

fn wakers(probing: &Probing, cut: Cut, seen: &Seen) -> Option<Finding> {
    if seen.wakers == 0 {
        return None;
    }
    // The thread that wakes may not have come to it when it was looked at first.
    let mut woken = true;
    probing.confirmed(|probing, attempt| {
        let look = Look { wait: probing.wake(attempt), thorough: true, ..quick(probing) };
        let (seen, log) = see(probing, Some(cut), look)?;
        if seen.wakers == 0 {
            return None;
        }
        woken &= seen.wakes >= WAKES;
        if woken {
            return Some(woken_on(cut, &log));
        }
        let headline = format!(
            "{}, somebody keeps {} of its waker, for {} ms at least",
            dropped(cut),
            clones(seen.wakers),
            look.wait.duration().as_millis()
        );
        Some(Finding::new(Kind::WakerLeft, headline).log(&log))
    })
}

fn quick(probing: &Probing) -> Look {
    Look { nap: nap(probing), wait: probing.wake(1), thorough: false }
}

fn clones(count: usize) -> String {
    if count == 1 { "a clone".into() } else { format!("{count} clones") }
}

fn agreement() -> String {
    format!(
        "it was so for {COPIES} copies of {COPIES}, and in none of the {COPIES} pauses between them"
    )
}

fn dropped(cut: Cut) -> String {
    match cut.polls {
        0 => "dropped before its first poll".to_owned(),
        1 => "after a poll and a drop".to_owned(),
        polls => format!("after {polls} polls and a drop"),
    }
}

/// Whether each of several copies leaves something, and nothing appears without one.
fn each_copy(probing: &Probing, cut: Cut, look: Look, left: impl Fn(&Seen) -> bool) -> bool {
    let (mut copies, mut spoilt) = (0, 0);
    while copies < COPIES && spoilt < SPOILT {
        let Some((pause, _)) = see(probing, None, look) else { return false };
        if left(&pause) {
            return false;
        }
        let Some((seen, _)) = see(probing, Some(cut), look.after(spoilt)) else { return false };
        if left(&seen) {
            (copies, spoilt) = (copies + 1, 0);
        } else if seen.spoilt {
            spoilt += 1;
        } else {
            return false;
        }
    }
    copies == COPIES
}

/// Makes a copy, polls it and drops it; or, without a `cut`, does nothing at all. Then looks what there is that was not
/// there before.
fn see(probing: &Probing, cut: Option<Cut>, look: Look) -> Option<(Seen, Vec<Entry>)> {
    let (wake, caller) = (probing.wake(0), probing.caller);
    let lifetime = Patience::of(probing.natural).times(2);
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let mut seen = Seen::default();
            let (fds, threads) = (process::fds(), process::threads());
            let Some(cut) = cut else {
                seen.threads = slept_on(&threads, look.nap, caller);
                seen.fds = opened(&fds, &task, look, caller);
                return Some(seen);
            };
            let (mut run, mut events) = factory.local(&task).ok()?;
            let waker = task.waker();
            seen.over = run.some_polls(&waker, &mut events, wake, cut.polls, cut.hasty);
            let _ = run.drop_subject();
            let wakes = waker.wakes();
            seen.threads = slept_on(&threads, look.nap, caller);
            // By now, one that sleeps until the future would be ready may be over.
            seen.spoilt = seen.threads.is_empty() && run.polled_at.elapsed() > PROMPT;
            if look.thorough {
                task.wait(look.wait, || waker.kept(1) == 0 || waker.wakes() - wakes >= WAKES);
                (seen.wakers, seen.wakes) = (waker.kept(1), waker.wakes() - wakes);
            }
            // What happens to a future that is gone happens to nobody. It has descriptors of its own.
            drop(events);
            seen.fds = opened(&fds, &task, look, caller);
            // One that ends by itself must not disturb the next look.
            if !seen.threads.is_empty() {
                task.wait(lifetime, || {
                    process::threads().keys().all(|id| threads.contains_key(id))
                });
            }
            Some(seen)
        }
    });
    match staged {
        Staged::Done(Some(seen)) => Some((seen, task.log())),
        Staged::Done(None) | Staged::Panicked(_) | Staged::Stuck => None,
    }
}

/// The names of the threads that were not there before, and sleep on.
fn slept_on(before: &BTreeMap<u32, ThreadSeen>, nap: Duration, caller: Option<u32>) -> Vec<String> {
    for _ in 0..50 {
        let then = process::threads();
        let mut new = then.iter().filter(|(id, _)| !before.contains_key(*id)).peekable();
        if new.peek().is_none() {
            return Vec::new();
        }
        // One that was just started, or just told to end, has to get as far.
        if new.any(|(_, seen)| !seen.asleep) {
            std::thread::sleep(GLIMPSE / 4);
            continue;
        }
        std::thread::sleep(nap);
        let now = process::threads();
        let left = process::slept_on(before, &then, &now);
        if !left.is_empty() && process::at_rest(&then, &now, caller) {
            return left;
        }
    }
    // The process never rests. Then only time tells.
    let then = process::threads();
    std::thread::sleep(nap.max(Duration::from_millis(20)));
    process::slept_on(before, &then, &process::threads())
}

/// The descriptors that were not there before, and stay.
fn opened(
    before: &BTreeMap<i32, String>,
    task: &Task,
    look: Look,
    caller: Option<u32>,
) -> Vec<String> {
    let new = || -> Vec<String> {
        let mut fds = process::fds();
        fds.retain(|number, target| before.get(number) != Some(target));
        fds.into_iter().map(|(number, target)| format!("{number}, {target}")).collect()
    };
    let (mut left, mut then) = (new(), process::threads());
    if !left.is_empty() {
        task.wait(look.wait, || {
            left = new();
            let now = process::threads();
            let rest = process::at_rest(&then, &now, caller);
            then = now;
            left.is_empty() || !look.thorough && rest
        });
    }
    left
}
