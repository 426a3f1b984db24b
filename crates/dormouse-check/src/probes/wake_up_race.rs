//! An event in the middle of a poll: it must have the effect of an event before that poll, or of one after it.
//!
//! If the poll returns Pending, the event must cause a wake-up. The output must be the expected one.
//!
//! Each event is raced for which the future waits, not only the first: an `async fn` that awaits twice registers twice.
//! The raced poll is the first one of that wait, or a later one with another waker.
//!
//! # Invariants
//! - A finding is reported only if the future works both with the event before that poll and with the event after it.
//! - What could not be raced is listed in the report as skipped.

mod at_clone;
mod batch;
mod lost;
mod racer;
mod sweep;

use crate::driver::DriveOutcome;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::watchdog::Outcome;
use lost::LostCheck;
use racer::RacePoint;

/// The names of the probe and of its second part in the report.
const NAME: &str = "wake-up race";
const SWEEP_NAME: &str = "wake-up race at each moment of a poll";
/// In how many waits at most an event is raced.
const MAX_WAITS: u32 = 4;

/// How the future waits for its events.
#[derive(Clone, Copy, Debug)]
struct Waits {
    /// How many times it waits for an event that can be raced; at most [`MAX_WAITS`].
    number: u32,
    /// Whether its progress is visible from outside, because it is a stream.
    items: bool,
}

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let Some(waits) = observe(context) else {
        context.leave_out(NAME, "it waits for no event whose closure is `Send`");
        return None;
    };
    let check = LostCheck::new(context, waits);
    at_clone::probe(context, check).or_else(|| sweep::probe(context, check))
}

/// `None` if there is nothing to race.
fn observe(context: &ProbeContext) -> Option<Waits> {
    let timeout = context.wake_timeout(0);
    let outcome = context.run(&Task::without_backtraces(), move |factory, _| {
        let mut observed = None;
        for waits in 0..MAX_WAITS {
            let point = RacePoint { waits, polls: 1, same_waker: true };
            let Some((racer, _)) = point.reach(factory, &Task::without_backtraces(), timeout)
            else {
                break;
            };
            observed = Some(Waits { number: waits + 1, items: racer.items });
        }
        observed
    });
    match outcome {
        Outcome::Done(observed) => observed,
        _ => None,
    }
}

/// The finding for an instance that did not complete after a race. `None` if that proves nothing.
fn finding(outcome: &DriveOutcome, task: &Task) -> Option<Finding> {
    let (kind, headline) = match outcome {
        DriveOutcome::LostWakeUp { .. } => (
            Kind::WakeUpRace,
            "an event in the middle of a poll that returns Pending causes no wake-up, but a forced poll then makes \
             progress"
                .to_owned(),
        ),
        DriveOutcome::NeverReady => {
            (Kind::WakeUpRace, "after an event in the middle of a poll, it is never ready".into())
        }
        DriveOutcome::WrongOutput => {
            (Kind::WrongOutput, "an event in the middle of a poll makes its output wrong".into())
        }
        DriveOutcome::Panicked(panic) => {
            (Kind::Panics, format!("an event in the middle of a poll makes it panic: {panic}"))
        }
        DriveOutcome::Ready | DriveOutcome::BusyWake(_) => return None,
    };
    Some(Finding::new(kind, headline).with_log(&task.log()))
}
