//! Runs the future on every executor that is compiled in.
//!
//! Each executor runs an instance that is created inside it, on a separate thread that is abandoned if the instance is no
//! longer polled. A panic of the instance is caught inside the executor, so it does not damage the executor.

use crate::executors::{self, Executor};
use crate::finding::Finding;
use crate::instance::Factory;
use crate::kind::Kind;
use crate::panics;
use crate::probes::context::ProbeContext;
use crate::sync::lock;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::timeout::Timeout;
use crate::watchdog::{self, Outcome};
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// The result on an executor on which the future works.
const WORKS: &str = "works";
/// The result on an executor that was not tried to the end.
const OUT_OF_TIME: &str = "no result: the time limit was reached";

pub(crate) fn probe(context: &ProbeContext) -> (Option<Finding>, Vec<(&'static str, String)>) {
    let table: Vec<(&'static str, String)> = executors::all()
        .into_iter()
        .map(|executor| {
            let mut result = run_on(context, executor, 2);
            if result != WORKS && result != OUT_OF_TIME {
                result = run_on(context, executor, 3);
            }
            (executor.name, result)
        })
        .collect();

    let failed = table.iter().filter(|(_, result)| result != WORKS).count();
    if failed == 0 || context.budget.is_spent() {
        return (None, table);
    }
    let headline = format!("it does not work on {failed} of {} executors", table.len());
    let finding = table
        .iter()
        .fold(Finding::new(Kind::ExecutorDependence, headline), |finding, (name, result)| {
            finding.with_detail(format!("{name}: {result}"))
        });
    (Some(finding), table)
}

fn run_on(context: &ProbeContext, executor: Executor, attempt: u32) -> String {
    let timeout = context.wake_timeout(attempt);
    let task = Task::new();
    let factory = context.factory.clone();
    let result = Arc::new(Mutex::new(WORKS.to_owned()));
    // Not inside the closure of `Check::around`: the executor brings its own context.
    let outcome = watchdog::run(&task.clone(), context.limits(timeout), &None, {
        let failed = result.clone();
        move || {
            executor.block_on(Box::pin(async move {
                if let Err(failure) = complete(&factory, &task, timeout).await {
                    *lock(&failed) = failure;
                }
            }));
        }
    });
    match outcome {
        Outcome::Done(()) => lock(&result).clone(),
        Outcome::Panicked(panic) => format!("panics: {panic}"),
        Outcome::OutOfTime => OUT_OF_TIME.to_owned(),
        Outcome::Hung => {
            format!("hangs: it is not polled for {} ms", timeout.duration().as_millis())
        }
    }
}

/// Creates an instance. Polls it with the executor's own waker, and fires the events, until it completes.
async fn complete(factory: &Factory, task: &Arc<Task>, timeout: Timeout) -> Result<(), String> {
    let created = factory.create(task);
    let (mut instance, mut events) =
        created.map_err(|panic| format!("creating it panics: {panic}"))?;
    let result = poll_fn(|context| {
        loop {
            task.heartbeat();
            match instance.poll_unrecorded(context.waker()) {
                PollResult::Item => {}
                PollResult::Ready => return Poll::Ready(Ok(())),
                PollResult::WrongOutput => return Poll::Ready(Err("wrong output".to_owned())),
                PollResult::Panicked(panic) => return Poll::Ready(Err(format!("panics: {panic}"))),
                PollResult::Pending => {
                    // The wake-up that this causes leads to the next poll, which fires the next event. An event that
                    // causes none is followed by the next one at once.
                    while events.fire(timeout, || false) && events.last_is_silent() {}
                    return Poll::Pending;
                }
            }
        }
    })
    .await;
    // Dropped inside the executor, where it was created.
    drop(panics::catch(|| drop(instance)));
    result
}
