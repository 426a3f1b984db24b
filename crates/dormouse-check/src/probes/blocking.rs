//! How long a poll holds its thread, asleep or at work.
//!
//! A poll can take long because the machine is busy: then the thread waits for a CPU. That is counted as neither, and a
//! poll is to blame only if in each of some runs one has been over the limit.

use crate::drive::Drivable;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::Probing;
use crate::process::Spent;
use crate::stage::Staged;
use crate::task::Task;
use crate::timeline::Entry;

/// In so many runs a poll has to have been over the limit.
const RUNS: u32 = 3;
/// And in so many it may have been under it. What is measured is the least that it can have been: a thread that
/// waits for a CPU while it is measured seems to have slept less.
const UNDER: u32 = 6;

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    let limit = probing.settings.blocking_limit;
    let held = |spent: &Spent| spent.asleep.max(spent.cpu);
    let (mut over, mut under) = (0, 0);
    let mut least: Option<(Spent, u32, Vec<Entry>)> = None;
    while over < RUNS {
        let (spent, poll, log) = longest(probing)?;
        if held(&spent) <= limit {
            under += 1;
            // One that came back soon is not suspected.
            if under > UNDER || over == 0 && spent.wall <= limit {
                return None;
            }
            continue;
        }
        over += 1;
        if least.as_ref().is_none_or(|(least, ..)| held(&spent) < held(least)) {
            least = Some((spent, poll, log));
        }
    }

    let (spent, poll, log) = least?;
    let (asleep, cpu) = (spent.asleep.as_secs_f64() * 1e3, spent.cpu.as_secs_f64() * 1e3);
    let how = if spent.asleep > spent.cpu { "sleeps in it" } else { "works in it" };
    let headline = format!(
        "poll {poll} holds its thread for {:.0} ms: it {how} ({asleep:.1} ms asleep, {cpu:.1} ms of CPU time)",
        asleep + cpu
    );
    let limit = limit.as_secs_f64() * 1e3;
    let runs = over + under;
    let detail =
        format!("the limit is {limit:.0} ms, and it was exceeded in {over} runs of {runs}");
    Some(Finding::new(Kind::BlockingPoll, headline).log(&log).at_poll(poll).detail(detail))
}

/// The poll that held its thread for the longest time, in a run.
fn longest(probing: &Probing) -> Option<(Spent, u32, Vec<Entry>)> {
    let (drive, limit) = (probing.fair(1), probing.settings.blocking_limit);
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, mut events) = factory.local(&task).ok()?;
            run.measure();
            let _ = run.drive(&mut events, drive);
            Some(run.spent().to_vec())
        }
    });
    let Staged::Done(Some(polls)) = staged else { return None };
    let (poll, spent) = (1..)
        .zip(polls)
        .max_by_key(|(_, spent)| (spent.asleep.max(spent.cpu) > limit, spent.wall))?;
    Some((spent, poll, task.log()))
}
