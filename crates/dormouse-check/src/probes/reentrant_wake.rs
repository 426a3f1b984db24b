//! A waker that does inside `wake` what an executor may do there: poll the future, drop it, or create another one.
//!
//! If the caller of the waker holds a lock that these operations need, it deadlocks. `/proc` distinguishes a deadlocked
//! thread from a slow one: it sleeps, and has not run between two snapshots.

mod waker;

use crate::driver::AFTER_EVENT;
use crate::finding::Finding;
use crate::instance::Events;
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::process;
use crate::sync::lock;
use crate::task::{Task, TaskWaker};
use crate::timeline::Action;
use crate::timeout::Timeout;
use crate::watchdog::{self, Outcome};
use std::sync::Arc;
use std::sync::atomic::Ordering::SeqCst;
pub(super) use waker::create_another;
use waker::{Operation, Shared};

/// How many times a thread inside the operation is checked for running.
const SLOW_CHECKS: u32 = 8;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    [Operation::Poll, Operation::Drop, Operation::Create]
        .into_iter()
        .find_map(|operation| attempt(context, operation))
}

/// One attempt with a long timeout: a deadlocked thread holds what another attempt would need.
fn attempt(context: &ProbeContext, operation: Operation) -> Option<Finding> {
    let timeout = context.wake_timeout(1);
    let task = Task::new();
    let shared = Arc::new(Shared::new(context));
    let outcome =
        watchdog::run(&task, context.limits(timeout.times(4)), &context.settings.around, {
            let (task, shared) = (task.clone(), shared.clone());
            move || deadlocks(&task, &shared, operation, timeout)
        });
    let deadlock = match outcome {
        Outcome::Done(Some(deadlock)) => deadlock,
        // The thread of the probe itself may be inside the operation.
        Outcome::Hung => shared.inside.load(SeqCst) > 0,
        Outcome::Done(None) | Outcome::Panicked(_) | Outcome::OutOfTime => false,
    };
    let panic = lock(&shared.panic).take();
    let effect = match panic {
        // If it also panics elsewhere, the cause is not the waker.
        Some(_) if operation != Operation::Poll && !works_elsewhere(context) => return None,
        Some(panic) => format!("panics: {panic}"),
        None if deadlock => "never returns".to_owned(),
        None => return None,
    };
    let log = task.log();
    let headline = format!("a waker that {operation} inside `wake` {effect}");
    let finding = Finding::new(Kind::WakeUnderLock, headline);
    Some(finding.with_log(&log).with_culprit(&log, Action::is_wake))
}

/// Runs an instance with such a waker. Returns whether a thread stays inside the operation; `None` if creating the
/// instance panics.
fn deadlocks(
    task: &Arc<Task>,
    shared: &Arc<Shared>,
    operation: Operation,
    timeout: Timeout,
) -> Option<bool> {
    let waker = task.waker_with(waker::on_wake(operation, shared));
    let (mut events, progress) = first_poll(task, shared, &waker)?;
    if progress {
        return Some(false);
    }
    let finished = || shared.finished.load(SeqCst) || lock(&shared.panic).is_some();
    // A deadlocked event never returns, so the wait ends as soon as the event has called the waker.
    while !finished() && !events.is_empty() {
        let before = task.wakes();
        events.fire(timeout, || task.wakes() != before);
        if task.wait(AFTER_EVENT, || task.wakes() != before) {
            break;
        }
    }
    task.wait(timeout, || task.wakes() > 0);
    let deadlock = !finished() && stays_inside(shared, task, timeout);
    waker::LOCAL_INSTANCE.set(None);
    Some(deadlock)
}

/// Creates an instance, polls it once, and stores it for the waker. Returns whether the poll made progress.
fn first_poll(task: &Arc<Task>, shared: &Shared, waker: &Arc<TaskWaker>) -> Option<(Events, bool)> {
    match shared.factory.create_send(task) {
        Some(created) => {
            let (mut instance, events) = created.ok()?;
            let progress = instance.poll(waker, false).made_progress();
            *lock(&shared.instance) = Some(instance);
            Some((events, progress))
        }
        None => {
            let (mut instance, events) = shared.factory.create(task).ok()?;
            let progress = instance.poll(waker, false).made_progress();
            waker::LOCAL_INSTANCE.set(Some(instance));
            Some((events, progress))
        }
    }
}

/// Whether a thread is inside the operation and stays there.
fn stays_inside(shared: &Shared, task: &Task, timeout: Timeout) -> bool {
    let returned = || shared.inside.load(SeqCst) == 0;
    if task.wait(timeout, returned) {
        return false;
    }
    // On a busy machine, a slow thread runs between two checks, or waits for a CPU. A deadlocked one stays asleep.
    for _ in 0..SLOW_CHECKS {
        let before = process::thread(shared.thread.load(SeqCst));
        if task.wait(timeout, returned) {
            return false;
        }
        let now = process::thread(shared.thread.load(SeqCst));
        if now.is_some_and(|now| now.asleep && Some(now) == before) {
            return true;
        }
    }
    // It was awake at every check and has not returned: it spins.
    true
}

/// Whether another instance can be created, polled and dropped on a thread that is not inside `wake`.
fn works_elsewhere(context: &ProbeContext) -> bool {
    let created = context.run(&Task::new(), |factory, _| waker::create_another(factory));
    matches!(created, Outcome::Done(Ok(())))
}
