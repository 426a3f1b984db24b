//! The first probe: does it work at all, and how long does it take?
//!
//! A copy that is polled all the time shows when the future can be ready. One that is polled only when it is
//! woken has to be ready about then, too.

use crate::drive::{Drivable, End};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::stage::Staged;
use crate::task::Task;
use crate::timeline::{Polled, What};
use std::sync::Arc;
use std::time::Duration;

/// How often it is timed, and from when on not as often.
const PEEKS: u32 = 4;
const LONG: Duration = Duration::from_millis(50);
/// From so many yields in a row on, a future is suspected of doing nothing else.
const SOME_YIELDS: u32 = 5;
/// How often one that is suspected is looked at, and how often one that may only have been too late to wait.
const BUSY_LOOKS: u32 = 30;
const LOOKS: u32 = 5;

pub(crate) fn probe(probing: &mut Probing) -> Vec<Finding> {
    // Some times: the first one may pay for starting what all of them share, and another may have to wait for a
    // CPU.
    let (mut natural, mut soonest) = (Duration::ZERO, Duration::MAX);
    for number in 0..PEEKS {
        if number >= 2 && natural > LONG {
            break;
        }
        match peek(probing) {
            Ok(took) => (natural, soonest) = (natural.max(took), soonest.min(took)),
            Err(finding) => return vec![finding],
        }
    }
    (probing.natural, probing.soonest) = (natural, soonest);
    busy(probing).or_else(|| probing.confirmed(fair)).into_iter().collect()
}

/// Wakes itself more often in a row than is fine? That is counted, and needs no second look. But where it does so only
/// until some time has passed, and the machine is busy, one look may not be enough.
fn busy(probing: &Probing) -> Option<Finding> {
    let mut busiest = 0;
    for look in 1..=BUSY_LOOKS {
        // Backtraces take their time. They are for the report.
        let task = if look == 1 { Task::new() } else { Task::without_traces() };
        let finding = drive(probing, &task, 0).filter(|finding| finding.kind() == Kind::BusyWake);
        busiest = busiest.max(task.busiest());
        let pending = |how: &What| matches!(how, What::PollEnds { how: Polled::Pending, .. });
        let waits = busiest == 0 && task.log().iter().any(|entry| pending(&entry.what));
        if finding.is_some() || waits || busiest < SOME_YIELDS && look == LOOKS {
            return finding;
        }
    }
    None
}

/// Polls all the time.
fn peek(probing: &Probing) -> Result<Duration, Finding> {
    let limit = probing.idle();
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, mut events) = factory.local(&task)?;
            Ok::<_, String>(run.peek(&mut events, limit))
        }
    });
    let log = task.log();
    match staged {
        Staged::Done(Ok((End::Ready, took))) => Ok(took),
        Staged::Done(Ok((End::Wrong, _))) if works_otherwise(probing) => Err(Finding::new(
            Kind::SpuriousPoll,
            "polled without having been woken, it comes to another output",
        )
        .log(&log)),
        Staged::Done(Ok((End::Wrong, _))) => {
            Err(Finding::new(Kind::WrongOutput, "the output is not the expected one").log(&log))
        }
        Staged::Done(Ok((End::Panicked(panic), _))) if works_otherwise(probing) => {
            let headline = format!("polled without having been woken, it panics: {panic}");
            Err(Finding::new(Kind::SpuriousPoll, headline).log(&log))
        }
        Staged::Done(Ok((End::Panicked(panic), _))) => {
            Err(Finding::new(Kind::Panics, format!("poll panics: {panic}")).log(&log))
        }
        Staged::Done(Ok(_)) => {
            let limit = limit.duration().as_millis();
            let headline = format!("polled all the time for {limit} ms, it is still pending");
            Err(Finding::new(Kind::NeverReady, headline).log(&log))
        }
        Staged::Done(Err(panic)) => {
            Err(Finding::new(Kind::Panics, format!("making it panics: {panic}")))
        }
        Staged::Panicked(panic) => Err(Finding::new(Kind::Panics, panic).log(&log)),
        Staged::Stuck => Err(never_returns(probing, &task)),
    }
}

/// The finding of a poll that is still under way.
fn never_returns(probing: &Probing, task: &Arc<Task>) -> Finding {
    let log = task.log();
    probing.gave_up.set(true);
    let limit = probing.settings.time_limit.as_millis();
    let headline = format!("a poll has not returned after {limit} ms; its thread was given up");
    // Nothing can be said about the rest.
    let kind = match log.last().map(|entry| &entry.what) {
        Some(What::PollBegins { .. } | What::Wake { .. }) => Kind::BlockingPoll,
        _ => Kind::NeverReady,
    };
    Finding::new(kind, headline).log(&log)
}

/// Whether it is ready, and right, if it is polled only when it is woken.
fn works_otherwise(probing: &Probing) -> bool {
    let drive = crate::drive::Drive { wake: Patience(100), ..probing.fair(0) };
    let task = Task::new();
    let staged = probing.stage(&task.clone(), move |factory| {
        let (mut run, mut events) = factory.local(&task)?;
        Ok::<_, String>(run.drive(&mut events, drive))
    });
    matches!(staged, Staged::Done(Ok(End::Ready)))
}

/// Polls when it is woken.
fn fair(probing: &Probing, attempt: u32) -> Option<Finding> {
    drive(probing, &Task::new(), attempt)
}

fn drive(probing: &Probing, task: &Arc<Task>, attempt: u32) -> Option<Finding> {
    let drive = probing.fair(attempt);
    let staged = probing.stage(&task.clone(), {
        let task = task.clone();
        move |factory| {
            let (mut run, mut events) = factory.local(&task)?;
            Ok::<_, String>(run.drive(&mut events, drive))
        }
    });
    let log = task.log();
    let end = match staged {
        Staged::Done(Ok(end)) => end,
        Staged::Done(Err(panic)) | Staged::Panicked(panic) => End::Panicked(panic),
        Staged::Stuck => return Some(never_returns(probing, task)),
    };
    let finding = match end {
        // Never: a copy that was polled all the time was ready sooner. It says nothing.
        End::Ready | End::Never => return None,
        End::Wrong => Finding::new(Kind::WrongOutput, "the output is not the expected one"),
        End::Panicked(panic) => Finding::new(Kind::Panics, format!("poll panics: {panic}")),
        End::Busy(times) => Finding::new(
            Kind::BusyWake,
            format!("it wakes itself inside poll and returns Pending, {times} times in a row"),
        )
        .blame(&log, |what| matches!(what, What::Wake { inside_poll: true, .. })),
        End::Lost { .. } => Finding::new(
            Kind::LostWakeUp,
            format!(
                "nobody wakes it within {} ms, yet a poll that is forced then goes on",
                drive.wake.duration().as_millis()
            ),
        ),
    };
    Some(finding.log(&log))
}
