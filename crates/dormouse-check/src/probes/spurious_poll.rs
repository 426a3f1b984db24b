//! Polls many times without a wake-up: the future must stay pending, and must work afterwards, without waking itself.

use crate::driver::{Drive, DriveOutcome};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::attempt::Attempt;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::timeline::{Action, PollResult};
use crate::watchdog::Outcome;

/// This many polls, without the event, must not make the future ready.
const FEW_POLLS: u32 = 16;
/// After this many polls without a wake-up, the future must still work.
const POLLS: u32 = 64;

/// With a stale waker, only the first part gives a result: the polls of the second one change the waker.
pub(crate) fn probe(context: &ProbeContext, has_stale_waker: bool) -> Option<Finding> {
    context.confirmed(|attempt| ready_without_event(context, attempt)).or_else(|| {
        if has_stale_waker {
            return None;
        }
        context.confirmed(|attempt| broken_afterwards(context, attempt))
    })
}

/// Is it ready because it is polled, though its event has not happened?
fn ready_without_event(context: &ProbeContext, attempt: u32) -> Option<Finding> {
    let timeout = context.wake_timeout(attempt);
    let task = Task::new();
    let outcome = context.run(&task, move |factory, task| {
        let (mut instance, events) = factory.create(task).ok()?;
        if events.is_empty() {
            return None;
        }
        let waker = task.waker();
        let ready = (0..FEW_POLLS).any(|_| instance.poll(&waker, true).made_progress());
        if !ready || task.wakes() > 0 {
            return None;
        }
        // Perhaps it becomes ready without the event, and without those polls.
        let task = Task::without_backtraces();
        let (mut instance, events) = factory.create(&task).ok()?;
        let waker = task.waker();
        let first = instance.poll(&waker, false);
        let woken = task.wait(timeout, || waker.woken());
        drop(events);
        Some(first == PollResult::Pending && !woken)
    });
    let Outcome::Done(Some(true)) = outcome else { return None };
    let headline = "polled without a wake-up, it is ready, but its event has not happened";
    Some(Finding::new(Kind::SpuriousPoll, headline).with_log(&task.log()))
}

/// After many polls without a wake-up, is it still woken, and ready with the right output?
fn broken_afterwards(context: &ProbeContext, attempt: u32) -> Attempt {
    let options = context.drive_options(attempt);
    let task = Task::new();
    let outcome = context.run(&task, move |factory, task| {
        let (mut instance, mut events) = factory.create(task).ok()?;
        let waker = task.waker();
        for _ in 0..POLLS {
            match instance.poll(&waker, true) {
                PollResult::Pending => {}
                PollResult::Panicked(panic) => return Some(DriveOutcome::Panicked(panic)),
                PollResult::WrongOutput => return Some(DriveOutcome::WrongOutput),
                PollResult::Item | PollResult::Ready => return None,
            }
        }
        task.comment("from here on, polled only when it is woken");
        for self_wakes in 1.. {
            if !waker.woken() {
                break;
            }
            if self_wakes > options.max_self_wakes {
                return Some(DriveOutcome::BusyWake(self_wakes));
            }
            waker.reset();
            if instance.poll(&waker, false) != PollResult::Pending {
                return None;
            }
        }
        Some(instance.drive(&mut events, options))
    });
    let (kind, effect) = match outcome {
        Outcome::Done(Some(DriveOutcome::Panicked(panic))) => {
            (Kind::SpuriousPoll, format!("it panics: {panic}"))
        }
        Outcome::Done(Some(DriveOutcome::WrongOutput)) => {
            (Kind::SpuriousPoll, "its output is wrong".into())
        }
        Outcome::Done(Some(DriveOutcome::LostWakeUp { .. })) => {
            (Kind::SpuriousPoll, "it is no longer woken".into())
        }
        Outcome::Done(Some(DriveOutcome::BusyWake(times))) => {
            (Kind::BusyWake, format!("each poll wakes its own task, {times} times in a row"))
        }
        // It was ready before.
        Outcome::Done(None) => return Attempt::Inconclusive,
        _ => return Attempt::Fine,
    };
    let log = task.log();
    let headline = format!("after {POLLS} polls without a wake-up, {effect}");
    let finding = Finding::new(kind, headline);
    Attempt::Found(finding.with_log(&log).with_culprit(&log, Action::is_wake))
}
