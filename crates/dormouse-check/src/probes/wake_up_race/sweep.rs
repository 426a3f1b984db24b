//! The event happens at a different moment of the poll in each of many instances.

use super::at_clone;
use super::batch::{Batch, Timing};
use super::lost::LostCheck;
use super::racer::RacePoint;
use super::{SWEEP_NAME, finding};
use crate::driver::DriveOutcome;
use crate::finding::Finding;
use crate::instance::Factory;
use crate::probes::context::ProbeContext;
use crate::process::ThreadTimer;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::watchdog::Outcome;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// The sweep ends after this many events in the middle of a poll: in the first wait, and in a later one, where it takes
/// longer to bring an instance to its raced poll.
const ENOUGH_RACES: usize = 500;
const ENOUGH_RACES_LATER: usize = 200;
/// The sweep also ends at these limits: of CPU time, and of real time in all waits.
const CPU_LIMIT: Duration = Duration::from_millis(400);
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// If a poll takes longer, only its beginning is covered.
pub(super) const MAX_POLL_TIME: Duration = Duration::from_millis(1);

/// How a sweep of one wait has ended.
enum Swept {
    /// An instance did not complete.
    Broken { outcome: DriveOutcome, task: Arc<Task>, point: RacePoint, tries: usize },
    /// So many events have happened in the middle of a poll.
    Raced(usize),
    /// There is no poll to race with.
    NoPoll,
}

pub(super) fn probe(context: &ProbeContext, check: LostCheck) -> Option<Finding> {
    // Where progress is not visible from outside, the next event would hide that this one is lost.
    let last = check.waits.number - 1;
    let first = if check.waits.items { 0 } else { last };
    let all = if first == last { vec![last] } else { vec![first, last] };
    // With one CPU, hardly any event happens during a poll.
    let one_cpu = thread::available_parallelism().is_ok_and(|cpus| cpus.get() == 1);
    let limit = TIME_LIMIT / all.len() as u32 / if one_cpu { 4 } else { 1 };
    let mut races = 0;
    for waits in all {
        match sweep(context, waits, check, limit) {
            Some(Swept::Broken { outcome, task, point, tries }) => {
                if !at_clone::works_without_race(context, point, check) {
                    return None;
                }
                let detail = format!(
                    "it happened in one of {tries} tries, with the event at a different moment of the poll each time"
                );
                let finding = finding(&outcome, &task)?.with_detail(detail);
                // An instance that is never ready may lack what another one has taken, if they share a pool. So it has to
                // happen again.
                let certain = outcome != DriveOutcome::NeverReady
                    || matches!(sweep(context, waits, check, limit), Some(Swept::Broken { .. }));
                if certain {
                    return Some(finding);
                }
                context.unconfirmed.borrow_mut().push(finding.with_detail("not seen again"));
                return None;
            }
            Some(Swept::Raced(number)) => races += number,
            Some(Swept::NoPoll) | None => {}
        }
    }
    if races == 0 {
        context.leave_out(SWEEP_NAME, "no event has happened in the middle of a poll");
    }
    None
}

fn sweep(context: &ProbeContext, waits: u32, check: LostCheck, limit: Duration) -> Option<Swept> {
    let timeout = check.options.wake_timeout;
    let outcome = context.run(&Task::without_backtraces(), move |factory, probe_task| {
        let Some(poll) = measure_poll(factory, waits, check) else { return Swept::NoPoll };
        let mut timing = Timing { poll, event: Duration::ZERO, signal: Duration::ZERO };
        let enough = if waits == 0 { ENOUGH_RACES } else { ENOUGH_RACES_LATER };
        let (timer, mut tries, mut races) = (ThreadTimer::start(), 0, 0);
        while races < enough
            && timer.cpu_elapsed() < CPU_LIMIT
            && timer.elapsed() < limit
            && !probe_task.is_abandoned()
        {
            let points = |number| point(waits, number, check);
            let Some(mut batch) = Batch::new(factory, tries, points, timeout, timing) else {
                break;
            };
            let Some(raced) = batch.race(timeout, probe_task) else { break };
            (races, tries) = (races + raced, tries + batch.len());
            timing = batch.timing();
            if let Some((outcome, task, point)) = batch.find_broken(check, probe_task) {
                return Swept::Broken { outcome, task, point, tries };
            }
        }
        Swept::Raced(races)
    });
    match outcome {
        Outcome::Done(swept) => Some(swept),
        _ => None,
    }
}

/// The first poll of a wait registers, a later one checks whether it is registered: these are two code paths.
fn point(waits: u32, number: usize, check: LostCheck) -> RacePoint {
    // After a wait, the first poll of a stream returns an item.
    let first = u32::from(waits > 0 && check.waits.items);
    match number % 4 {
        0 | 1 => RacePoint { waits, polls: first, same_waker: true },
        2 => RacePoint { waits, polls: first + 1, same_waker: false },
        _ => RacePoint { waits, polls: first + 1, same_waker: true },
    }
}

/// The shortest of some polls. `None` if there is no event to race with a pending poll.
fn measure_poll(factory: &Factory, waits: u32, check: LostCheck) -> Option<Duration> {
    let mut shortest = MAX_POLL_TIME;
    for _ in 0..5 {
        let task = Task::without_backtraces();
        let point = point(waits, 0, check);
        // The event is kept until the poll has ended: to drop it may be an event itself.
        let (mut racer, _event) = point.reach(factory, &task, check.options.wake_timeout)?;
        let waker = racer.waker.to_waker();
        let began = Instant::now();
        let result = racer.poll_unrecorded(&waker);
        shortest = shortest.min(began.elapsed());
        if result != PollResult::Pending {
            return None;
        }
    }
    Some(shortest)
}
