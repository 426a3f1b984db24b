//! The first probe: does the future work at all, and how long does it take?
//!
//! An instance that is polled continuously shows when the future can be ready. An instance that is polled only after
//! wake-ups has to be ready at about the same time.

mod cooperative_yield;
mod never_ready;

use crate::driver::{Drive, DriveOptions, DriveOutcome};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::attempt::Attempt;
use crate::probes::context::ProbeContext;
use crate::settings::DEFAULT_MAX_SELF_WAKES;
use crate::task::Task;
use crate::timeline::{Action, Entry};
use crate::timeout::Timeout;
use crate::watchdog::Outcome;
use std::sync::Arc;
use std::time::Duration;

/// How many times the future is timed; only twice if it takes longer than `LONG`.
const TIMED_RUNS: u32 = 4;
const LONG: Duration = Duration::from_millis(50);
/// A future with this many self-wakes in a row may be a busy loop.
const SUSPICIOUS_SELF_WAKES: u32 = 5;
/// How many times a suspicious future is run.
const SUSPICIOUS_RUNS: u32 = 30;
/// How many times a future that woke itself only a few times, or was never pending, is run.
const BUSY_RUNS: u32 = 5;
/// How long to wait for the wake-up of an event before the next one, in repeated runs.
const BETWEEN_EVENTS: [Timeout; 3] = [Timeout(0), Timeout(2), Timeout(10)];
/// The timeout of the run that shows only whether the future works when it is polled after wake-ups.
const WORKS_WHEN_WOKEN_TIMEOUT: Timeout = Timeout(100);

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    // Several times: the first run may start what all instances share, and another may have to wait for a CPU.
    let (mut max, mut min) = (Duration::ZERO, Duration::MAX);
    for run in 0..TIMED_RUNS {
        if run >= 2 && max > LONG {
            break;
        }
        match time_to_ready(context) {
            Ok(Some(time)) => (max, min) = (max.max(time), min.min(time)),
            Ok(None) if run == 0 => return Some(no_time(context)),
            Ok(None) => return None,
            Err(finding) if run > 0 => {
                let detail = format!("another instance was ready after {} ms", min.as_millis());
                return Some(finding.with_detail(detail));
            }
            Err(finding) => return Some(finding),
        }
    }
    context.max_ready_time.set(max);
    context.min_ready_time.set(min);
    busy_wake(context)
        .or_else(|| context.confirmed(|attempt| drive(context, &Task::new(), attempt)))
}

/// The finding if the whole time of the check is not enough for one run.
fn no_time(context: &ProbeContext) -> Finding {
    context.never_ready.set(true);
    let limit = context.settings.time_limit;
    let headline = format!("the time limit of {limit:?} was reached before it was ready once");
    Finding::new(Kind::NeverReady, headline)
}

/// Looks for more self-wakes in a row than allowed. The number is exact, so a finding needs no confirmation. But on a
/// busy machine, a future that wakes itself only until some time has passed may exceed the limit in few runs.
fn busy_wake(context: &ProbeContext) -> Option<Finding> {
    let mut max_self_wakes = 0;
    for run in 1..=SUSPICIOUS_RUNS {
        // Only the first run has backtraces, for the report: they make the others slow.
        let task = if run == 1 { Task::new() } else { Task::without_backtraces() };
        match drive(context, &task, 0) {
            Attempt::Certain(finding) => return Some(finding),
            Attempt::Found(finding) if finding.kind() == Kind::BusyWake => {
                return if may_yield(context) { None } else { Some(finding) };
            }
            _ => {}
        }
        max_self_wakes = max_self_wakes.max(task.max_self_wakes());
        let waits = max_self_wakes == 0 && task.was_pending();
        let unsuspicious = max_self_wakes < SUSPICIOUS_SELF_WAKES && run == BUSY_RUNS;
        if waits || unsuspicious {
            return None;
        }
    }
    None
}

/// Whether the future yields more often than usual. Then the limit is raised.
fn may_yield(context: &ProbeContext) -> bool {
    // The limit was not set by the caller.
    let default = context.max_self_wakes.get() == DEFAULT_MAX_SELF_WAKES;
    let longest = if default { cooperative_yield::longest(context) } else { None };
    if let Some(longest) = longest {
        context.max_self_wakes.set(DEFAULT_MAX_SELF_WAKES.max(longest * 2));
    }
    longest.is_some()
}

/// How long the future takes to be ready if it is polled continuously; `None` if the time of the check is used up.
///
/// A failure is confirmed by further runs with longer pauses between the events: on a busy machine, a thread that forwards an
/// event may be late, and an event that fires before the future has seen an earlier one may have another effect.
fn time_to_ready(context: &ProbeContext) -> Result<Option<Duration>, Finding> {
    let mut failure: Option<(DriveOutcome, Vec<Entry>)> = None;
    for between_events in BETWEEN_EVENTS {
        match timed_run(context, between_events)? {
            Timed::Ready(time) => {
                context.unconfirmed.borrow_mut().extend(failure.map(|(failure, log)| {
                    without_wake_up(&failure).with_log(&log).with_detail("not seen again")
                }));
                return Ok(Some(time));
            }
            Timed::Failed(outcome, log) => failure = Some((outcome, log)),
            Timed::OutOfTime => return Ok(None),
        }
    }
    let Some((failure, log)) = failure else { return Ok(None) };
    let finding = match failure {
        failure if works_when_woken(context) => without_wake_up(&failure),
        DriveOutcome::Panicked(panic) => {
            Finding::new(Kind::Panics, format!("poll panics: {panic}"))
        }
        _ => Finding::new(Kind::WrongOutput, WRONG_OUTPUT),
    };
    Err(finding.with_log(&log))
}

/// The finding of a failure that occurs only if the future is polled without a wake-up.
fn without_wake_up(failure: &DriveOutcome) -> Finding {
    let effect = match failure {
        DriveOutcome::Panicked(panic) => format!("it panics: {panic}"),
        _ => "its output is wrong".to_owned(),
    };
    Finding::new(Kind::SpuriousPoll, format!("polled without a wake-up, {effect}"))
}

/// The result of a run in which the instance is polled continuously.
enum Timed {
    Ready(Duration),
    /// A panic or a wrong output, and the log of the run.
    Failed(DriveOutcome, Vec<Entry>),
    /// The time of the check is used up.
    OutOfTime,
}

/// Polls an instance continuously. A failure that needs no confirmation is an error.
fn timed_run(context: &ProbeContext, between_events: Timeout) -> Result<Timed, Finding> {
    let limit = context.run_limit();
    let task = Task::new();
    let outcome = context.run(&task, move |factory, task| {
        let (mut instance, mut events) = factory.create(task)?;
        Ok::<_, String>(instance.busy_poll(&mut events, between_events, limit))
    });
    let log = task.log();
    match outcome {
        Outcome::Done(Ok((DriveOutcome::Ready, time))) => Ok(Timed::Ready(time)),
        Outcome::Done(Ok((
            failure @ (DriveOutcome::WrongOutput | DriveOutcome::Panicked(_)),
            _,
        ))) => Ok(Timed::Failed(failure, log)),
        Outcome::OutOfTime if context.budget.is_spent() => Ok(Timed::OutOfTime),
        Outcome::Done(Ok(_)) | Outcome::OutOfTime => {
            context.never_ready.set(true);
            Err(never_ready::finding(context, &log))
        }
        Outcome::Done(Err(panic)) => {
            Err(Finding::new(Kind::Panics, format!("creating it panics: {panic}")))
        }
        Outcome::Panicked(panic) => Err(Finding::new(Kind::Panics, panic).with_log(&log)),
        Outcome::Hung => Err(poll_hung(context, &task)),
    }
}

const WRONG_OUTPUT: &str = "the output is not the expected one";

/// The finding of a poll that does not return.
fn poll_hung(context: &ProbeContext, task: &Arc<Task>) -> Finding {
    let log = task.log();
    context.poll_hung.set(true);
    let limit = context.run_limit().duration().as_millis();
    let (kind, code) = hung_code(&log);
    let headline = format!("{code} has not returned after {limit} ms; its thread is abandoned");
    Finding::new(kind, headline).with_log(&log)
}

/// What does not return, according to the log. Wake-ups do not count: they may come from any thread.
fn hung_code(log: &[Entry]) -> (Kind, &'static str) {
    let code = log.iter().rev().find_map(|entry| match entry.action {
        Action::PollBegins { .. } => Some((Kind::BlockingPoll, "a poll")),
        Action::EventFired(_) => Some((Kind::NeverReady, "an event")),
        Action::PollEnds { .. } => Some((Kind::NeverReady, "what follows a poll")),
        _ => None,
    });
    code.unwrap_or((Kind::NeverReady, "creating it"))
}

/// Whether it is ready with the right output if it is polled only after wake-ups.
fn works_when_woken(context: &ProbeContext) -> bool {
    let options =
        DriveOptions { wake_timeout: WORKS_WHEN_WOKEN_TIMEOUT, ..context.drive_options(0) };
    let outcome = context.drive(&Task::new(), options);
    matches!(outcome, Outcome::Done(Ok(DriveOutcome::Ready)))
}

/// Polls only after wake-ups.
fn drive(context: &ProbeContext, task: &Arc<Task>, attempt: u32) -> Attempt {
    let options = context.drive_options(attempt);
    let outcome = context.drive(task, options);
    let log = task.log();
    let outcome = match outcome {
        Outcome::Done(Ok(outcome)) => outcome,
        Outcome::Done(Err(panic)) | Outcome::Panicked(panic) => DriveOutcome::Panicked(panic),
        Outcome::Hung => return Attempt::Certain(poll_hung(context, task)),
        Outcome::OutOfTime => return never_ends(context, task),
    };
    let finding = match outcome {
        // It did not have to be woken.
        DriveOutcome::Ready if !task.was_pending() => return Attempt::Inconclusive,
        DriveOutcome::Ready => return Attempt::Fine,
        // The instances that were polled continuously were ready. Unless that has changed, a wake-up is missing.
        DriveOutcome::NeverReady => match time_to_ready(context) {
            Ok(Some(_)) => Finding::new(
                Kind::LostWakeUp,
                "polled only after wake-ups, it is never ready; polled continuously, it is",
            ),
            Ok(None) => return Attempt::Inconclusive,
            Err(finding) => return Attempt::Certain(finding),
        },
        DriveOutcome::WrongOutput => Finding::new(Kind::WrongOutput, WRONG_OUTPUT),
        DriveOutcome::Panicked(panic) => {
            Finding::new(Kind::Panics, format!("poll panics: {panic}"))
        }
        DriveOutcome::BusyWake(times) => Finding::new(
            Kind::BusyWake,
            format!("it wakes itself inside poll and returns Pending, {times} times in a row"),
        )
        .with_culprit(&log, |action| matches!(action, Action::Wake { inside_poll: true, .. })),
        DriveOutcome::LostWakeUp { .. } => Finding::new(
            Kind::LostWakeUp,
            format!(
                "no wake-up within {} ms, but a forced poll then makes progress",
                options.wake_timeout.duration().as_millis()
            ),
        ),
    };
    Attempt::Found(finding.with_log(&log))
}

/// The result if it is woken and polled all the time, but not ready within the time limit.
fn never_ends(context: &ProbeContext, task: &Arc<Task>) -> Attempt {
    if context.budget.is_spent() {
        return Attempt::Inconclusive;
    }
    context.never_ready.set(true);
    let (limit, ready) = (context.run_limit().duration(), context.max_ready_time.get());
    let headline = format!(
        "polled when it is woken, it is still pending after {} ms; polled continuously, another instance was ready \
         after {} ms",
        limit.as_millis(),
        ready.as_millis()
    );
    Attempt::Certain(Finding::new(Kind::NeverReady, headline).with_log(&task.log()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::PollResult;

    #[test]
    fn an_event_that_does_not_return_is_no_blocking_poll() {
        let task = Task::new();
        let waker = task.waker();
        task.record(Action::PollBegins { number: 1, waker: waker.id, forced: false });
        waker.to_waker().wake();
        assert_eq!(hung_code(&task.log()), (Kind::BlockingPoll, "a poll"));
        task.record(Action::PollEnds { number: 1, result: PollResult::Pending });
        task.event_fired(1);
        waker.to_waker().wake();
        assert_eq!(hung_code(&task.log()), (Kind::NeverReady, "an event"));
    }
}
