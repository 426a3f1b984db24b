//! Polls as soon as the waker is called, before `wake` returns.
//!
//! The waker blocks its caller until the poll has ended. If the future sets its state only after `wake`, that poll
//! returns Pending, and no other one follows.

use crate::driver::{Drive, DriveOptions, DriveOutcome};
use crate::finding::Finding;
use crate::instance::LocalInstance;
use crate::kind::Kind;
use crate::probes::attempt::Attempt;
use crate::probes::context::ProbeContext;
use crate::process::{self, SNAPSHOT_INTERVAL};
use crate::task::{Task, TaskWaker};
use crate::timeline::{Action, PollResult};
use crate::timeout::check_every;
use crate::watchdog::Outcome;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, ThreadId};

/// How many times, at intervals of `SNAPSHOT_INTERVAL`, a waker checks whether it may return.
const MAX_CHECKS: u32 = 500;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    context.confirmed(|attempt| {
        let options = DriveOptions { poll_during_event: true, ..context.drive_options(attempt) };
        let task = Task::new();
        let outcome = context.run(&task, move |factory, task| {
            let (instance, mut events) = factory.create(task).ok()?;
            let polling_thread = Arc::new(PollingThread::current());
            let mut instance = BlockingWakers { instance, polling_thread };
            Some(instance.drive(&mut events, options))
        });
        match outcome {
            Outcome::Done(Some(DriveOutcome::LostWakeUp { .. })) => {}
            // It did not have to be woken.
            Outcome::Done(Some(DriveOutcome::Ready)) if !task.was_pending() => {
                return Attempt::Inconclusive;
            }
            _ => return Attempt::Fine,
        }
        let log = task.log();
        let headline = "it wakes the task, is polled before `wake` returns, and is pending; no wake-up follows when \
                        it can be ready";
        let finding = Finding::new(Kind::WakeBeforeReady, headline);
        Attempt::Found(finding.with_log(&log).with_culprit(&log, Action::is_wake))
    })
}

/// The thread that polls.
#[derive(Debug)]
struct PollingThread {
    id: u32,
    thread: ThreadId,
    polling: AtomicBool,
    finished: AtomicBool,
}

impl PollingThread {
    fn current() -> PollingThread {
        PollingThread {
            id: process::current_thread_id().unwrap_or(0),
            thread: thread::current().id(),
            polling: AtomicBool::new(false),
            finished: AtomicBool::new(false),
        }
    }

    /// Called by a waker. Unless it is called on the polling thread itself, waits until that thread has seen the wake-up
    /// and ended its poll. Also returns if that poll is asleep: it waits for a lock that the caller of the waker holds.
    fn wait_for_poll(&self, waker: &TaskWaker) {
        if thread::current().id() == self.thread {
            return;
        }
        let (mut state, mut idle) = (None, false);
        check_every(SNAPSHOT_INTERVAL, MAX_CHECKS, || {
            let (last_state, was_idle) = (state.take(), idle);
            let polling = self.polling.load(SeqCst);
            if polling {
                state = process::thread(self.id).filter(|state| state.asleep);
            }
            // Twice in a row, because the poll begins some time after the wake-up has been seen.
            idle = !polling && !waker.woken();
            let asleep = state.is_some() && state == last_state;
            self.finished.load(SeqCst) || idle && was_idle || asleep
        });
    }
}

/// An instance whose wakers block their callers until it has been polled.
struct BlockingWakers {
    instance: LocalInstance,
    polling_thread: Arc<PollingThread>,
}

impl Drop for BlockingWakers {
    fn drop(&mut self) {
        self.polling_thread.finished.store(true, SeqCst);
    }
}

impl Drive for BlockingWakers {
    fn task(&self) -> &Arc<Task> {
        self.instance.task()
    }

    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> PollResult {
        self.polling_thread.polling.store(true, SeqCst);
        let result = self.instance.poll(waker, forced);
        self.polling_thread.polling.store(false, SeqCst);
        result
    }

    fn waker(&self) -> Arc<TaskWaker> {
        let polling_thread = self.polling_thread.clone();
        self.task().waker_with(Some(Box::new(move |waker| polling_thread.wait_for_poll(waker))))
    }
}
