//! Drops the future after it was woken, before it is polled. The next future of the same type must work all the same.
//!
//! This matters where the futures share something, such as a pool: what the dropped future was woken for must be passed
//! on. [`pair`](super::pair) tries it with two futures that wait at the same time.

use crate::driver::{DriveOutcome, fire_until_woken};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::probes::pair;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::watchdog::Outcome;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    context.confirmed(|attempt| {
        for polls in 1..=2 {
            drop_when_woken(context, polls, attempt);
        }
        next_is_broken(context, attempt)
    })
}

/// After that many polls, waits for a wake-up, and drops the future.
fn drop_when_woken(context: &ProbeContext, polls: u32, attempt: u32) {
    let timeout = context.wake_timeout(attempt);
    let task = Task::without_backtraces();
    context.run(&task, move |factory, task| {
        let (mut instance, mut events) = factory.create(task).ok()?;
        let waker = task.waker();
        for _ in 0..polls {
            waker.reset();
            if instance.poll(&waker, true) != PollResult::Pending {
                return None;
            }
        }
        fire_until_woken(&waker, &mut events, timeout, false);
        task.wait(timeout, || waker.woken());
        // Another probe reports a destructor that panics.
        instance.drop_inner().ok()
    });
}

fn next_is_broken(context: &ProbeContext, attempt: u32) -> Option<Finding> {
    let task = Task::new();
    task.comment("earlier futures were woken, and dropped before they were polled");
    let outcome = context.drive(&task, context.drive_options(attempt));
    let (kind, effect) = match outcome {
        Outcome::Done(Ok(DriveOutcome::LostWakeUp { .. })) => (Kind::LostWakeUp, "is never woken"),
        Outcome::Done(Ok(DriveOutcome::NeverReady)) => (Kind::NeverReady, "is never ready"),
        _ => return None,
    };
    let headline = format!(
        "after others were woken, and dropped before they were polled, the next one {effect}"
    );
    let finding = Finding::new(kind, headline).with_log(&task.log());
    Some(finding.with_texts(&pair::TEXTS))
}
