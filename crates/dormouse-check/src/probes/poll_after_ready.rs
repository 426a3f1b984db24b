//! Polls once more after the future has completed.
//!
//! The contract leaves open what happens then, so the result is a note. Only a poll that does not return is a failure.

use crate::driver::{Drive, DriveOutcome};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::timeline::{Action, PollResult};
use crate::watchdog::Outcome;

/// Begins the part of the log that counts.
const COMPLETED: &str = "polled again after it has completed";

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let options = context.drive_options(0);
    let task = Task::new();
    let outcome = context.run(&task, move |factory, task| {
        let (mut instance, mut events) = factory.create(task).ok()?;
        let outcome = instance.drive(&mut events, options);
        if outcome != DriveOutcome::Ready || !instance.is_terminated() {
            return None;
        }
        task.comment(COMPLETED);
        Some(instance.poll(&task.waker(), true))
    });
    match outcome {
        Outcome::Done(Some(result)) => {
            let effect = match result {
                PollResult::Pending => "it is pending".to_owned(),
                PollResult::Ready | PollResult::Item | PollResult::WrongOutput => {
                    "it is ready again".to_owned()
                }
                PollResult::Panicked(panic) => format!("it panics: {panic}"),
            };
            let headline = format!("{COMPLETED}, {effect}");
            Some(Finding::new(Kind::AfterReady, headline))
        }
        Outcome::Hung => {
            let log = task.log();
            let in_poll =
                log.last().is_some_and(|entry| matches!(entry.action, Action::PollBegins { .. }));
            let completed = log.iter().any(
                |entry| matches!(&entry.action, Action::Comment(comment) if comment == COMPLETED),
            );
            let limit = context.run_limit().duration().as_millis();
            let headline = format!("{COMPLETED}, it has not returned after {limit} ms");
            (in_poll && completed)
                .then(|| Finding::new(Kind::HangsAfterReady, headline).with_log(&log))
        }
        Outcome::Done(None) | Outcome::Panicked(_) | Outcome::OutOfTime => None,
    }
}
