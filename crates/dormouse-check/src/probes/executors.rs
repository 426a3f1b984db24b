//! The same future on every executor that is compiled in.
//!
//! Each runs a copy, made inside of it, on a thread of its own that is given up if nobody wakes the copy any more. Where
//! the copy panics is caught here, so that every executor is left whole.

use crate::executors::{self, Executor};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::panics;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::run::{Events, LocalRun};
use crate::stage::{self, Staged};
use crate::task::{Task, lock};
use crate::timeline::Polled;
use std::future::poll_fn;
use std::sync::{Arc, Mutex};
use std::task::Poll;

/// What is said of an executor on which it works.
const WORKS: &str = "works";

pub(crate) fn probe(probing: &mut Probing) -> (Option<Finding>, Vec<(&'static str, String)>) {
    let table: Vec<(&'static str, String)> = executors::all()
        .into_iter()
        .map(|executor| {
            let mut how = run_on(probing, executor, 2);
            if how != WORKS {
                how = run_on(probing, executor, 3);
            }
            (executor.name, how)
        })
        .collect();

    let failed = table.iter().filter(|(_, how)| how != WORKS).count();
    if failed == 0 {
        return (None, table);
    }
    let headline = format!("it does not work on {failed} of {} executors", table.len());
    let finding = table
        .iter()
        .fold(Finding::new(Kind::ExecutorDependence, headline), |finding, (name, how)| {
            finding.detail(format!("{name}: {how}"))
        });
    (Some(finding), table)
}

fn run_on(probing: &Probing, executor: Executor, attempt: u32) -> String {
    let patience = probing.wake(attempt);
    let task = Task::new();
    let factory = probing.factory.clone();
    let how = Arc::new(Mutex::new(WORKS.to_owned()));
    // Not `around` what the author of the check wants: the executor brings its own.
    let staged = stage::run(&task.clone(), patience, &None, {
        let how = how.clone();
        move || {
            let said = how.clone();
            executor.block_on(Box::pin(async move {
                match factory.local(&task) {
                    Ok((run, events)) => {
                        if let Err(failure) = to_its_end(run, events, patience).await {
                            *lock(&said) = failure;
                        }
                    }
                    Err(panic) => *lock(&said) = format!("making it panics: {panic}"),
                }
            }));
        }
    });
    match staged {
        Staged::Done(()) => lock(&how).clone(),
        Staged::Panicked(panic) => format!("panics: {panic}"),
        Staged::Stuck => {
            format!("hangs: nobody polls it for {} ms", patience.duration().as_millis())
        }
    }
}

/// Polls with the executor's own waker, and lets the events happen.
async fn to_its_end(
    mut run: LocalRun,
    mut events: Events,
    patience: Patience,
) -> Result<(), String> {
    let result = poll_fn(|context| {
        loop {
            run.task.live();
            match run.poll_unseen(context.waker()) {
                Polled::Item => {}
                Polled::Ready => return Poll::Ready(Ok(())),
                Polled::Wrong => return Poll::Ready(Err("comes to another output".to_owned())),
                Polled::Panicked(panic) => return Poll::Ready(Err(format!("panics: {panic}"))),
                Polled::Pending => {
                    // Whoever is woken by it will poll again, and then it is the next one's turn.
                    events.fire(patience, || false);
                    return Poll::Pending;
                }
            }
        }
    })
    .await;
    // Inside of the executor still, where it belongs.
    drop(panics::catch(|| drop(run)));
    result
}
