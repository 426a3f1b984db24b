//! The event happens while the future clones its waker.
//!
//! The future clones the waker in order to register it. If it has checked for the event before, and cannot be woken yet,
//! it misses an event that happens now. So the clone waits until the event has returned; or until the event waits for
//! a lock that the poll holds, as in a correct future.

use super::lost::LostCheck;
use super::racer::RacePoint;
use crate::driver::DriveOutcome;
use crate::finding::Finding;
use crate::instance::Factory;
use crate::probes::context::ProbeContext;
use crate::probes::firing::Firing;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::watchdog::Outcome;
use std::mem;
use std::sync::Arc;

/// After this many suspicions that were not confirmed, no further points are tried.
const MAX_SUSPICIONS: u32 = 2;

/// When the event happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    BeforePoll,
    /// At a clone in that poll, after as many other clones.
    AtClone(u32),
    AfterPoll,
}

pub(super) fn probe(context: &ProbeContext, check: LostCheck) -> Option<Finding> {
    let mut suspicions = 0;
    for waits in 0..check.waits.number {
        // After a wait, the first poll may return an item.
        for polls in 0..=(1 + waits.min(1)) {
            let point = RacePoint { waits, polls, same_waker: false };
            for clone in 0..2 {
                let when = When::AtClone(clone);
                let outcome = race(context, point, when, check.with_attempt(context, 0), true);
                match outcome {
                    // There is no such clone, and no later one.
                    None => break,
                    Some((DriveOutcome::Ready, _)) => continue,
                    Some((outcome, _)) => {
                        if let Some(finding) = confirm(context, point, when, check, &outcome) {
                            return Some(finding);
                        }
                    }
                }
                suspicions += 1;
                if suspicions == MAX_SUSPICIONS {
                    return None;
                }
            }
        }
    }
    None
}

/// Checks that the race makes the difference. Then makes two further attempts, with longer timeouts.
fn confirm(
    context: &ProbeContext,
    point: RacePoint,
    when: When,
    check: LostCheck,
    suspicion: &DriveOutcome,
) -> Option<Finding> {
    // Cheaper than to confirm the suspicion.
    if !works_without_race(context, point, check.with_attempt(context, 0)) {
        return None;
    }
    let mut finding = None;
    for attempt in 1..3 {
        let check = check.with_attempt(context, attempt);
        let (outcome, task) = race(context, point, when, check, false)?;
        if mem::discriminant(&outcome) != mem::discriminant(suspicion) {
            // The first attempt was quick, so that it proves little.
            context.unconfirmed.borrow_mut().extend(finding);
            return None;
        }
        finding = super::finding(&outcome, &task);
    }
    let detail =
        "the event happened while the waker was cloned, and returned before the poll continued";
    finding.map(|finding| finding.with_detail(detail))
}

/// Whether the instance completes if its event happens before that poll, and if it happens after it.
pub(super) fn works_without_race(
    context: &ProbeContext,
    point: RacePoint,
    check: LostCheck,
) -> bool {
    [When::BeforePoll, When::AfterPoll].into_iter().all(|when| {
        let raced = race(context, point, when, check, false);
        matches!(raced, Some((DriveOutcome::Ready, _)))
    })
}

/// Fires the event at the given moment. `None` if there is no such moment, or the instance does not return.
fn race(
    context: &ProbeContext,
    point: RacePoint,
    when: When,
    check: LostCheck,
    quick: bool,
) -> Option<(DriveOutcome, Arc<Task>)> {
    let task = Task::without_backtraces();
    let outcome = context
        .run(&task, move |factory, task| race_instance(factory, task, point, when, check, quick));
    match outcome {
        Outcome::Done(Some(outcome)) => Some((outcome, task)),
        _ => None,
    }
}

fn race_instance(
    factory: &Factory,
    task: &Arc<Task>,
    point: RacePoint,
    when: When,
    check: LostCheck,
    quick: bool,
) -> Option<DriveOutcome> {
    let timeout = check.options.wake_timeout;
    let (mut racer, event) = point.reach(factory, task, timeout)?;
    let firing = Firing::new(event, racer.event_number, task);
    let result = match when {
        When::BeforePoll => {
            firing.fire();
            firing.wait(timeout, || false);
            racer.poll(&racer.waker.to_waker())
        }
        When::AtClone(clone) => racer.poll(&firing.waker(&racer.waker, clone)),
        When::AfterPoll => {
            let result = racer.poll(&racer.waker.to_waker());
            firing.fire();
            result
        }
    };
    if !firing.has_fired() {
        return None;
    }
    firing.wait(timeout, || result != PollResult::Pending || racer.waker.woken());
    Some(racer.complete(result, check, task, quick))
}
