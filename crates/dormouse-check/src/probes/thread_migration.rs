//! Polls on another thread each time, as work-stealing executors may do.

use crate::driver::{Drive, DriveOutcome};
use crate::finding::Finding;
use crate::instance::SendInstance;
use crate::kind::Kind;
use crate::probes::attempt::Attempt;
use crate::probes::context::ProbeContext;
use crate::process;
use crate::task::{Task, TaskWaker};
use crate::timeline::PollResult;
use crate::watchdog::{self, Around, Outcome};
use std::sync::Arc;
use std::thread::JoinHandle;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    if !context.factory.is_send() {
        return None;
    }
    context.confirmed(|attempt| {
        let (options, around) = (context.drive_options(attempt), context.settings.around.clone());
        let task = Task::new();
        let outcome = context.run(&task, move |factory, task| {
            let (instance, mut events) = factory.create_send(task)?.ok()?;
            let mut migrating = Migrating { instance: Some(instance), task: task.clone(), around };
            Some(migrating.drive(&mut events, options))
        });
        let Outcome::Done(Some(outcome)) = outcome else { return Attempt::Fine };
        let effect = match outcome {
            DriveOutcome::Panicked(panic) => format!("it panics: {panic}"),
            DriveOutcome::WrongOutput => "its output is wrong".into(),
            DriveOutcome::LostWakeUp { .. } => "it is never woken".into(),
            // It was polled on one thread only.
            DriveOutcome::Ready if !task.was_pending() => return Attempt::Inconclusive,
            DriveOutcome::Ready | DriveOutcome::NeverReady | DriveOutcome::BusyWake(_) => {
                return Attempt::Fine;
            }
        };
        let headline = format!("polled on another thread each time, {effect}");
        Attempt::Found(Finding::new(Kind::ThreadBound, headline).with_log(&task.log()))
    })
}

/// An instance that is polled on a new thread each time.
struct Migrating {
    /// `None` during a poll, and after a poll whose thread did not start or panicked.
    instance: Option<SendInstance>,
    task: Arc<Task>,
    around: Around,
}

impl Drive for Migrating {
    fn task(&self) -> &Arc<Task> {
        &self.task
    }

    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> PollResult {
        let Some(mut instance) = self.instance.take() else { return PollResult::Pending };
        let (waker, around) = (waker.clone(), self.around.clone());
        let thread = process::spawn(move || {
            let result = watchdog::call_inside(&around, || instance.poll(&waker, forced));
            (instance, result.unwrap_or(PollResult::Pending))
        });
        // If the thread did not start or panicked, the instance is lost. It counts as pending, which is no finding.
        match thread.map(JoinHandle::join) {
            Some(Ok((instance, result))) => {
                self.instance = Some(instance);
                result
            }
            _ => PollResult::Pending,
        }
    }
}
