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
/// The sweep also ends at these limits, of CPU time and of real time in all waits, if it has had some races.
const CPU_LIMIT: Duration = Duration::from_millis(400);
const TIME_LIMIT: Duration = Duration::from_secs(3);
/// With fewer races than that, a wait is not covered.
const SOME_RACES: usize = 100;
/// How long the sweep of one wait goes on at most until it is covered, without the time for which its thread waits for a CPU;
/// and the part of the remaining time of the check.
const MAX_PATIENCE: Duration = Duration::from_secs(2);
const MAX_PART: u32 = 4;
/// If a poll takes longer, only its beginning is covered.
pub(super) const MAX_POLL_TIME: Duration = Duration::from_millis(1);

/// How a sweep of one wait has ended.
enum Swept {
    /// An instance did not complete.
    Broken { outcome: DriveOutcome, task: Arc<Task>, point: RacePoint, tries: usize },
    /// So many events have happened in the middle of a poll, in so many tries.
    Raced { races: usize, tries: usize },
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
    let real = TIME_LIMIT / all.len() as u32 / if one_cpu { 4 } else { 1 };
    for waits in all {
        let patience = MAX_PATIENCE.min(context.budget.remaining() / MAX_PART);
        let limits = Limits { real, patience: if one_cpu { Duration::ZERO } else { patience } };
        match sweep(context, waits, check, limits) {
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
                    || matches!(sweep(context, waits, check, limits), Some(Swept::Broken { .. }));
                if certain {
                    return Some(finding);
                }
                context.unconfirmed.borrow_mut().push(finding.with_detail("not seen again"));
                return None;
            }
            Some(Swept::Raced { races, .. }) if races >= SOME_RACES => {}
            Some(Swept::Raced { races, tries }) => {
                let reason = format!(
                    "only {races} events have happened in the middle of a poll, in {tries} tries: too few to cover it"
                );
                context.leave_out(SWEEP_NAME, reason);
            }
            Some(Swept::NoPoll) => {
                context.leave_out(SWEEP_NAME, "no poll is pending before an event")
            }
            None => context.leave_out(SWEEP_NAME, "it has not come to its end"),
        }
    }
    None
}

/// When the sweep of one wait ends, unless it has had enough races.
#[derive(Clone, Copy)]
struct Limits {
    /// If it has had some races.
    real: Duration,
    /// If it has not. Without the time for which the thread waits for a CPU.
    patience: Duration,
}

impl Limits {
    fn reached(self, timer: &ThreadTimer, races: usize) -> bool {
        if timer.cpu_elapsed() < CPU_LIMIT && timer.elapsed() < self.real {
            return false;
        }
        let spent = timer.time_spent();
        races >= SOME_RACES || spent.cpu + spent.asleep >= self.patience
    }
}

fn sweep(context: &ProbeContext, waits: u32, check: LostCheck, limits: Limits) -> Option<Swept> {
    let timeout = check.options.wake_timeout;
    let outcome = context.run(&Task::without_backtraces(), move |factory, probe_task| {
        let Some(poll) = measure_poll(factory, waits, check) else { return Swept::NoPoll };
        let mut timing = Timing { poll, event: Duration::ZERO, signal: Duration::ZERO };
        let enough = if waits == 0 { ENOUGH_RACES } else { ENOUGH_RACES_LATER };
        let (timer, mut tries, mut races) = (ThreadTimer::start(), 0, 0);
        while races < enough && !limits.reached(&timer, races) && !probe_task.is_abandoned() {
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
        Swept::Raced { races, tries }
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
