//! An event in the middle of a poll: when the future clones the waker.
//!
//! It clones it in order to register it. If it has looked for the event before, and nobody can wake it yet, an event
//! that comes now passes unnoticed. So the clone waits until the event is over; unless the event waits for a lock that the
//! poll holds, as it should be.

use crate::event::Event;
use crate::finding::Finding;
use crate::hook;
use crate::kind::Kind;
use crate::panics;
use crate::patience::Patience;
use crate::probes::{Probing, sweep};
use crate::process::{self, GLIMPSE};
use crate::run::LocalRun;
use crate::stage::{self, Staged};
use crate::subject::Factory;
use crate::task::{Task, TaskWaker, lock};
use crate::timeline::Polled;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

/// For an event that neither ends nor sleeps.
const LONGEST: Patience = Patience(50);

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    let wait = Wait { wake: probing.wake(2), rest: probing.wake(3), caller: probing.caller };
    in_a_clone(probing, wait).or_else(|| sweep::probe(probing, wait))
}

fn in_a_clone(probing: &Probing, wait: Wait) -> Option<Finding> {
    let tries = [(0, 0), (0, 1), (1, 0), (1, 1)];
    tries.into_iter().find_map(|(polls, clones)| {
        let task = Task::without_traces();
        let staged = probing.stage(&task.clone(), {
            let task = task.clone();
            move |factory| race(factory, &task, polls, clones, wait)
        });
        let Staged::Done(Some(true)) = staged else { return None };
        let headline = "an event in the middle of a poll that returns Pending brings no wake-up; a poll that is \
                        forced then goes on";
        let finding = Finding::new(Kind::WakeUpRace, headline).log(&task.log());
        Some(finding.detail("the event came when the waker was cloned, and was over before the poll went on"))
    })
}

/// Lets the event happen in the clone with that number, after as many polls as usual. Says whether it was lost.
fn race(factory: &Factory, task: &Arc<Task>, polls: u32, clones: u32, wait: Wait) -> Option<bool> {
    let (mut run, mut events) = factory.local(task).ok()?;
    let Event::Send(event) = events.take()? else { return None };
    let waker = task.waker();
    for _ in 0..polls {
        if run.poll(&waker, true).progress() {
            return None;
        }
    }

    let (event, left) = (Arc::new(Mutex::new(Some(event))), AtomicU32::new(clones));
    let handle = hook::handle(&waker, {
        let (task, event, poller) = (task.clone(), event.clone(), thread::current().id());
        move || {
            if thread::current().id() != poller {
                return;
            }
            if left.fetch_update(SeqCst, SeqCst, |left| left.checked_sub(1)).is_ok() {
                return;
            }
            let event = lock(&event).take();
            if let Some(event) = event {
                task.remark("the waker is cloned, and meanwhile:");
                fire(event, &task);
            }
        }
    });
    let polled = run.poll_with(&waker, &handle, polls > 0);
    drop(handle);
    if lock(&event).is_some() {
        // There was no such clone.
        return None;
    }
    Some(polled == Polled::Pending && is_lost(&mut run, &waker, wait, task))
}

/// Lets the event happen on another thread until it is over, or waits for this one.
fn fire(event: Box<dyn FnOnce() + Send>, task: &Arc<Task>) {
    let (over, id) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    task.event_fired(1);
    let started = stage::spawn({
        let (over, id) = (over.clone(), id.clone());
        move || {
            id.store(process::own_id().unwrap_or(0), SeqCst);
            let _ = panics::catch(event);
            over.store(true, SeqCst);
        }
    });
    if started.is_none() {
        return;
    }
    let mut seen = None;
    LONGEST.times(5).until_every(GLIMPSE, || {
        task.live();
        // It sleeps, and has not run since the last look: it waits for a lock that the poll has.
        let before = seen.take();
        seen = process::thread(id.load(SeqCst)).filter(|seen| seen.asleep);
        over.load(SeqCst) || seen.is_some() && seen == before
    });
}

/// How long to wait until a wake-up is lost.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wait {
    wake: Patience,
    /// Beyond that, if somebody still runs. Not asked is the thread that runs the check.
    rest: Patience,
    caller: Option<u32>,
}

/// After an event and a poll that was pending: does no wake-up come, though there is progress to be made?
pub(crate) fn is_lost(
    run: &mut LocalRun,
    waker: &Arc<TaskWaker>,
    wait: Wait,
    heart: &Task,
) -> bool {
    // Where another thread passes the event on, the wake-up takes a while.
    let woken = || {
        heart.live();
        waker.woken()
    };
    if waker.task.wait(wait.wake, woken) {
        return false;
    }
    // On a machine that is busy it takes longer; but not if all that might do it is asleep.
    for _ in 0..wait.rest.0 {
        let then = process::threads();
        thread::sleep(GLIMPSE);
        let asleep = process::at_rest(&then, &process::threads(), wait.caller);
        if woken() {
            return false;
        }
        if asleep {
            break;
        }
    }
    waker.task.remark(format!("nothing wakes {}", waker.name));
    run.poll(&waker.task.waker(), true).progress()
}
