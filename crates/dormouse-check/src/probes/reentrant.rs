//! A waker that does inside of `wake` what an executor may do there: poll the future, drop it, or make another
//! one.
//!
//! Whoever calls a waker with a lock held that these need waits for itself then, for ever. That is told from a thread
//! that is only slow by what the kernel says: it sleeps, and has not run since it was last looked at.

use crate::finding::Finding;
use crate::kind::Kind;
use crate::panics;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::process;
use crate::run::{LocalRun, Run, SendRun};
use crate::stage::{self, Around, Staged};
use crate::subject::{Factory, Subject};
use crate::task::{OnWake, Task, TaskWaker, lock};
use crate::timeline::{Polled, What};
use std::cell::RefCell;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};

/// What is done inside of `wake`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Poll,
    Drop,
    Make,
}

impl fmt::Display for Deed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Deed::Poll => "polls the future",
            Deed::Drop => "drops the future",
            Deed::Make => "makes another future, polls it and drops it",
        })
    }
}

thread_local! {
    /// The copy that belongs to this thread, while nobody polls it.
    static HERE: RefCell<Option<LocalRun>> = const { RefCell::new(None) };
}

/// What the waker and the probe share.
struct Shared {
    factory: Factory,
    around: Around,
    /// The copy, while nobody polls it; unless it is one that stays on its thread.
    run: Mutex<Option<SendRun>>,
    /// How many are inside of the deed.
    inside: AtomicU32,
    /// The thread that is.
    thread: AtomicU32,
    done: AtomicBool,
    panic: Mutex<Option<String>>,
}

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    [Deed::Poll, Deed::Drop, Deed::Make].into_iter().find_map(|deed| try_it(probing, deed))
}

/// Once, but with much patience: who waits for himself takes along what the next try would need.
fn try_it(probing: &Probing, deed: Deed) -> Option<Finding> {
    let wake = probing.wake(1);
    let task = Task::new();
    let shared = Arc::new(Shared {
        factory: probing.factory.clone(),
        around: probing.settings.around.clone(),
        run: Mutex::new(None),
        inside: AtomicU32::new(0),
        thread: AtomicU32::new(0),
        done: AtomicBool::new(false),
        panic: Mutex::new(None),
    });
    let (around, factory) = (&probing.settings.around, probing.factory.clone());
    let staged = stage::run(&task.clone(), wake.times(4), around, {
        let (task, shared) = (task.clone(), shared.clone());
        move || {
            let waker = task.waker_that(on_wake(deed, &shared));
            let (mut events, over) = match factory.send(&task) {
                Some(made) => {
                    let (mut run, events) = made.ok()?;
                    let over = run.poll(&waker, false).progress();
                    *lock(&shared.run) = Some(run);
                    (events, over)
                }
                None => {
                    let (mut run, events) = factory.local(&task).ok()?;
                    let over = run.poll(&waker, false).progress();
                    HERE.set(Some(run));
                    (events, over)
                }
            };
            if over {
                return Some(false);
            }
            let happened = || shared.done.load(SeqCst) || lock(&shared.panic).is_some();
            // Where an event is stuck, so is whoever waits for it: do not.
            while !happened() && !events.is_empty() {
                let before = task.wakes();
                events.fire(wake, || task.wakes() != before);
                if task.wait(Patience(2), || task.wakes() != before) {
                    break;
                }
            }
            task.wait(wake, || task.wakes() > 0);
            let stuck = !happened() && stands_still(&shared, &task, wake);
            HERE.set(None);
            Some(stuck)
        }
    });
    // A deed on the thread of the stage itself takes it along.
    let stuck = match staged {
        Staged::Done(Some(stuck)) => stuck,
        Staged::Stuck => shared.inside.load(SeqCst) > 0,
        Staged::Done(None) | Staged::Panicked(_) => false,
    };
    let panic = lock(&shared.panic).take();
    let how = match panic {
        // What panics elsewhere, too, has nothing to do with the waker.
        Some(_) if deed == Deed::Make && !works_elsewhere(probing) => return None,
        Some(panic) => format!("it panics there: {panic}"),
        None if stuck => "it never comes back".to_owned(),
        None => return None,
    };
    let log = task.log();
    let headline = format!("where a waker {deed} inside of `wake`, {how}");
    Some(
        Finding::new(Kind::WakeUnderLock, headline)
            .log(&log)
            .blame(&log, |what| matches!(what, What::Wake { .. })),
    )
}

/// Whether somebody stays inside of the deed.
fn stands_still(shared: &Shared, task: &Task, wake: Patience) -> bool {
    let over = || shared.inside.load(SeqCst) == 0;
    if task.wait(wake, over) {
        return false;
    }
    // One that is only slow, on a machine that is busy, runs now and then, or wants to.
    for _ in 0..8 {
        let then = process::thread(shared.thread.load(SeqCst));
        if task.wait(wake, over) {
            return false;
        }
        let now = process::thread(shared.thread.load(SeqCst));
        if now.is_some_and(|now| now.asleep && Some(now) == then) {
            return true;
        }
    }
    // It spins.
    true
}

fn on_wake(deed: Deed, shared: &Arc<Shared>) -> OnWake {
    let shared = Arc::downgrade(shared);
    Some(Box::new(move |waker: &Arc<TaskWaker>| {
        let Some(shared) = shared.upgrade() else { return };
        // Once at a time is enough; a poll in there may wake again.
        if shared.inside.fetch_add(1, SeqCst) == 0 {
            shared.thread.store(process::own_id().unwrap_or(0), SeqCst);
            let done =
                panics::catch(|| stage::inside(&shared.around, || shared.do_it(deed, waker)));
            match done {
                Ok(done) => drop(shared.done.fetch_or(done == Some(true), SeqCst)),
                Err(panic) => *lock(&shared.panic) = Some(panic),
            }
        }
        shared.inside.fetch_sub(1, SeqCst);
    }))
}

impl Shared {
    /// Says whether that was all.
    fn do_it(&self, deed: Deed, waker: &Arc<TaskWaker>) -> bool {
        if deed == Deed::Make {
            match make_another(&self.factory) {
                Ok(()) => {}
                Err(panic) => *lock(&self.panic) = Some(panic),
            }
            return true;
        }
        // Neither is there while the copy is being polled.
        let sent = lock(&self.run).take();
        if let Some(mut run) = sent {
            let over = self.to_run(deed, &mut run, waker);
            if !over {
                *lock(&self.run) = Some(run);
            }
            return over;
        }
        let here = HERE.take();
        if let Some(mut run) = here {
            let over = self.to_run(deed, &mut run, waker);
            if !over {
                HERE.set(Some(run));
            }
            return over;
        }
        false
    }

    fn to_run<S: Subject + ?Sized>(
        &self,
        deed: Deed,
        run: &mut Run<S>,
        waker: &Arc<TaskWaker>,
    ) -> bool {
        let panic = match deed {
            Deed::Drop => run.drop_subject().err(),
            Deed::Poll | Deed::Make => match run.poll(waker, false) {
                Polled::Panicked(panic) => Some(panic),
                Polled::Pending => return false,
                Polled::Item | Polled::Ready | Polled::Wrong => None,
            },
        };
        if panic.is_some() {
            *lock(&self.panic) = panic;
        }
        true
    }
}

/// Makes a copy, polls it and drops it.
fn make_another(factory: &Factory) -> Result<(), String> {
    let task = Task::without_traces();
    let (mut run, _events) = factory.local(&task)?;
    if let Polled::Panicked(panic) = run.poll(&task.waker(), false) {
        return Err(panic);
    }
    run.drop_subject()
}

/// Whether making another one works on a thread where nobody wakes.
fn works_elsewhere(probing: &Probing) -> bool {
    let made = probing.stage(&Task::new(), make_another);
    matches!(made, Staged::Done(Ok(())))
}
