//! Polled as soon as it is woken, while whoever wakes is still inside of `wake`.
//!
//! The waker holds its caller until the poll is over. Where the state is set only after `wake`, that poll finds
//! nothing, and no other one follows.

use crate::drive::{Drivable, Drive, End};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::run::LocalRun;
use crate::stage::Staged;
use crate::task::{OnWake, Task, TaskWaker};
use crate::timeline::{Polled, What};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

/// How long a waker holds its caller at most. If that one has a lock which the poll needs, neither goes on before.
const HOLD: Patience = Patience(2);

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    probing.confirmed(|probing, attempt| {
        let drive = Drive { prompt: true, ..probing.fair(attempt) };
        let task = Task::new();
        let staged = probing.stage(&task.clone(), {
            let task = task.clone();
            move |factory| {
                let (run, mut events) = factory.local(&task).ok()?;
                let mut holding = Holding { run, polls: Arc::default() };
                Some(holding.drive(&mut events, drive))
            }
        });
        let Staged::Done(Some(End::Lost { .. })) = staged else { return None };
        let log = task.log();
        let headline = "it wakes the task, is polled while `wake` has not returned yet, and is pending; nobody \
                        wakes it when it can be ready";
        Some(
            Finding::new(Kind::WakeBeforeReady, headline)
                .log(&log)
                .blame(&log, |what| matches!(what, What::Wake { .. })),
        )
    })
}

/// A copy whose wakers hold their callers until it has been polled.
struct Holding {
    run: LocalRun,
    polls: Arc<AtomicU32>,
}

impl Drivable for Holding {
    fn task(&self) -> &Arc<Task> {
        self.run.task()
    }

    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> Polled {
        let polled = self.run.poll(waker, forced);
        self.polls.fetch_add(1, SeqCst);
        polled
    }

    fn waker(&self) -> Arc<TaskWaker> {
        let (polls, driver) = (self.polls.clone(), thread::current().id());
        let on_wake: OnWake = Some(Box::new(move |_| {
            // The thread that polls cannot wait for itself.
            if thread::current().id() != driver {
                let before = polls.load(SeqCst);
                HOLD.until(|| polls.load(SeqCst) != before);
            }
        }));
        self.task().waker_that(on_wake)
    }
}
