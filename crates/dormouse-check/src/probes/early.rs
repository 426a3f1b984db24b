//! Polled as soon as it is woken, while whoever wakes is still inside of `wake`.
//!
//! The waker holds its caller until the poll is over. Where the state is set only after `wake`, that poll finds
//! nothing, and no other one follows.

use crate::drive::{Drivable, Drive, End};
use crate::finding::Finding;
use crate::kind::Kind;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::process::{self, GLIMPSE};
use crate::run::LocalRun;
use crate::stage::Staged;
use crate::task::{Task, TaskWaker};
use crate::timeline::{Polled, What};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, ThreadId};

/// How long a waker holds its caller at most, in looks at what the thread that polls does.
const HOLD: Patience = Patience(500);

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    probing.confirmed(|probing, attempt| {
        let drive = Drive { prompt: true, ..probing.fair(attempt) };
        let task = Task::new();
        let staged = probing.stage(&task.clone(), {
            let task = task.clone();
            move |factory| {
                let (run, mut events) = factory.local(&task).ok()?;
                let mut holding = Holding { run, driver: Arc::new(Driver::here()) };
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

/// The thread that polls.
#[derive(Debug)]
struct Driver {
    id: u32,
    thread: ThreadId,
    polling: AtomicBool,
    over: AtomicBool,
}

impl Driver {
    fn here() -> Driver {
        Driver {
            id: process::own_id().unwrap_or(0),
            thread: thread::current().id(),
            polling: AtomicBool::new(false),
            over: AtomicBool::new(false),
        }
    }

    /// Waits until the thread has noticed that the waker was woken, and its poll has ended; or until that poll waits
    /// for a lock that the caller holds: it is under way, and the thread sleeps.
    fn wait(&self, waker: &TaskWaker) {
        if thread::current().id() == self.thread {
            return;
        }
        let (mut seen, mut idle) = (None, false);
        HOLD.until_every(GLIMPSE, || {
            let (then, was_idle) = (seen.take(), idle);
            let polling = self.polling.load(SeqCst);
            if polling {
                seen = process::thread(self.id).filter(|seen| seen.asleep);
            }
            // Twice in a row: the poll does not begin in the instant in which it is noticed.
            idle = !polling && !waker.woken();
            self.over.load(SeqCst) || idle && was_idle || seen.is_some() && seen == then
        });
    }
}

/// A copy whose wakers hold their callers until it has been polled.
struct Holding {
    run: LocalRun,
    driver: Arc<Driver>,
}

impl Drop for Holding {
    fn drop(&mut self) {
        self.driver.over.store(true, SeqCst);
    }
}

impl Drivable for Holding {
    fn task(&self) -> &Arc<Task> {
        self.run.task()
    }

    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> Polled {
        self.driver.polling.store(true, SeqCst);
        let polled = self.run.poll(waker, forced);
        self.driver.polling.store(false, SeqCst);
        polled
    }

    fn waker(&self) -> Arc<TaskWaker> {
        let driver = self.driver.clone();
        self.task().waker_that(Some(Box::new(move |waker| driver.wait(waker))))
    }
}
