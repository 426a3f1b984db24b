//! Polls with one waker and then with another: the last one has to be called.
//!
//! After each poll, the instance is polled once more with a new waker, as if it had moved to another task; or with a
//! new one and then the first again, as if it had moved back.

use crate::driver::{DriveOptions, DriveOutcome, WakerPattern};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::attempt::Attempt;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::timeline::Action;
use crate::watchdog::Outcome;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    [WakerPattern::Switch, WakerPattern::SwitchBack]
        .into_iter()
        .find_map(|wakers| context.confirmed(|attempt| drive_with(wakers, context, attempt)))
}

fn drive_with(wakers: WakerPattern, context: &ProbeContext, attempt: u32) -> Attempt {
    let options = DriveOptions { wakers, ..context.drive_options(attempt) };
    let task = Task::new();
    let outcome = context.drive(&task, options);
    let other_woken = match outcome {
        Outcome::Done(Ok(DriveOutcome::LostWakeUp { other_woken })) => other_woken,
        // It was polled with one waker only.
        Outcome::Done(Ok(DriveOutcome::Ready)) if !task.was_pending() => {
            return Attempt::Inconclusive;
        }
        _ => return Attempt::Fine,
    };
    let log = task.log();
    let (kind, headline) = match (other_woken, wakers) {
        (true, WakerPattern::SwitchBack) => {
            (Kind::StaleWaker, "polled with A, then with B, and with A again, it wakes B and not A")
        }
        (true, _) => (Kind::StaleWaker, "polled with A and then with B, it wakes A and not B"),
        (false, _) => (
            Kind::LostWakeUp,
            "polled with one waker, it is woken; polled with another waker, it is never woken",
        ),
    };
    // The poll before the last one, which was forced.
    let poll = log.iter().rev().find_map(|entry| match entry.action {
        Action::PollEnds { number, .. } => Some(number.saturating_sub(1)),
        _ => None,
    });
    let finding = Finding::new(kind, headline);
    let finding = match poll {
        Some(poll) => finding.at_poll(poll),
        None => finding,
    };
    Attempt::Found(finding.with_log(&log).with_culprit(&log, Action::is_wake))
}
