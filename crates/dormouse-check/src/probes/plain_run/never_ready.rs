//! Why a future is not ready, however often it is polled.
//!
//! Usually what it waits for does not happen, because the test has no event for it. But it may also poll its own task in a
//! loop, or lose a wake-up inside: a combinator such as `FuturesUnordered` polls a child only if the waker of
//! that child has been called, so a poll of the combinator does not help.

use super::cooperative_yield;
use crate::driver::{Drive, DriveOutcome};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::timeline::{Action, Entry, PollResult};
use crate::timeout::Timeout;
use crate::watchdog::Outcome;

/// How long to wait before the first poll.
const BEFORE_FIRST_POLL: Timeout = Timeout(10);
/// How many instances must be ready then: a race inside may make one of them ready.
const LATE_RUNS: u32 = 3;
/// How long to poll then.
const POLLING: Timeout = Timeout(50);

/// The finding of an instance that was polled continuously until the time limit. `log` is its log.
pub(super) fn finding(context: &ProbeContext, log: &[Entry]) -> Finding {
    let limit = context.run_limit().duration().as_millis();
    if cooperative_yield::is_ready_in_separate_calls(context) {
        let headline =
            "it is ready only if each poll is in another call of the closure of `around`";
        return Finding::new(Kind::NeverReady, headline).with_log(log).with_detail(
            "That closure polls inside a task of a runtime, which limits how much one poll of the task does. Enter the \
             runtime instead of its `block_on`.",
        );
    }
    if wakes_itself(log, context.settings.max_self_wakes) {
        let headline =
            "it wakes itself inside poll and returns Pending, again and again, and is never ready";
        return Finding::new(Kind::BusyWake, headline)
            .with_log(log)
            .with_culprit(log, |action| matches!(action, Action::Wake { inside_poll: true, .. }));
    }
    if (0..LATE_RUNS).all(|_| is_ready_if_polled_late(context)) {
        let headline = "it is ready if its first poll comes after its events; if the first poll comes before them, it is \
                        never ready";
        return Finding::new(Kind::LostWakeUp, headline).with_log(log).with_detail(format!(
            "a wake-up is lost inside: polled continuously for {limit} ms, it does not poll the part that can make \
             progress"
        ));
    }
    let headline = format!("polled continuously for {limit} ms, it is still pending");
    Finding::new(Kind::NeverReady, headline).with_log(log).with_detail(what_happened(log))
}

/// What the closure may have to register.
fn what_happened(log: &[Entry]) -> String {
    let count = |is: fn(&Action) -> bool| log.iter().filter(|entry| is(&entry.action)).count();
    let events = count(|action| matches!(action, Action::EventFired(_)));
    let items = count(|action| matches!(action, Action::PollEnds { result: PollResult::Item, .. }));
    let seen = match events {
        0 => "no event was fired: the closure has registered none".to_owned(),
        1 => "1 event was fired, and no further one is registered".to_owned(),
        _ => format!("{events} events were fired, and no further one is registered"),
    };
    if items == 0 {
        return seen;
    }
    let times = if items == 1 { "once".to_owned() } else { format!("{items} times") };
    format!("{seen}; it was ready {times}: register an event for what comes next, or for the end")
}

/// Whether nearly every poll wakes its own task.
fn wakes_itself(log: &[Entry], max_self_wakes: u32) -> bool {
    let count = |is: fn(&Action) -> bool| log.iter().filter(|entry| is(&entry.action)).count();
    let pending =
        count(|action| matches!(action, Action::PollEnds { result: PollResult::Pending, .. }));
    let wakes = count(|action| matches!(action, Action::Wake { inside_poll: true, .. }));
    pending > max_self_wakes as usize && wakes >= pending / 4 * 3
}

/// Whether an instance is ready whose events are fired, and whose timers expire, before its first poll.
fn is_ready_if_polled_late(context: &ProbeContext) -> bool {
    let task = Task::without_backtraces();
    let outcome = context.run(&task, |factory, task| {
        let (mut instance, mut events) = factory.create(task).ok()?;
        while events.fire(BEFORE_FIRST_POLL, || false) {}
        task.wait(BEFORE_FIRST_POLL, || false);
        let (outcome, _) = instance.busy_poll(&mut events, Timeout(0), POLLING);
        Some(outcome == DriveOutcome::Ready)
    });
    matches!(outcome, Outcome::Done(Some(true)))
}
