//! The event happens while the future clones its waker.
//!
//! The future clones the waker in order to register it. If it has checked for the event before, and cannot be woken yet,
//! it misses an event that happens now. So the clone waits until the event has returned; or until the event waits for
//! a lock that the poll holds, as in a correct future.

use super::lost::LostCheck;
use super::racer::{RacePoint, SendEvent};
use crate::clone_hook;
use crate::driver::DriveOutcome;
use crate::finding::Finding;
use crate::instance::Factory;
use crate::panics;
use crate::probes::context::ProbeContext;
use crate::process::{self, SNAPSHOT_INTERVAL};
use crate::sync::lock;
use crate::task::{Task, TaskWaker};
use crate::timeline::PollResult;
use crate::timeout::{Timeout, check_every};
use crate::watchdog::Outcome;
use std::mem;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;

/// How many times, at intervals of `SNAPSHOT_INTERVAL`, to check an event that neither returns nor sleeps.
const MAX_CHECKS: u32 = 250;
/// After this many suspicions that were not confirmed, no further points are tried.
const MAX_SUSPICIONS: u32 = 3;

/// When the event happens.
#[derive(Clone, Copy, Debug)]
pub(super) enum When {
    BeforePoll,
    /// At a clone in that poll, after as many other clones.
    AtClone(u32),
    AfterPoll,
}

pub(super) fn probe(context: &ProbeContext, check: LostCheck) -> Option<Finding> {
    let mut suspicions = 0;
    for waits in 0..check.waits.number {
        // After a wait, the first poll may return an item.
        for polls in 0..=(1 + waits.min(1)) {
            let point = RacePoint { waits, polls, same_waker: false };
            for clone in 0..2 {
                let when = When::AtClone(clone);
                let outcome = race(context, point, when, check.with_attempt(context, 0), true);
                match outcome {
                    // There is no such clone, and no later one.
                    None => break,
                    Some((DriveOutcome::Ready, _)) => continue,
                    Some((outcome, _)) => {
                        if let Some(finding) = confirm(context, point, when, check, &outcome) {
                            return Some(finding);
                        }
                    }
                }
                suspicions += 1;
                if suspicions == MAX_SUSPICIONS {
                    return None;
                }
            }
        }
    }
    None
}

/// Two further attempts, with longer timeouts.
fn confirm(
    context: &ProbeContext,
    point: RacePoint,
    when: When,
    check: LostCheck,
    suspicion: &DriveOutcome,
) -> Option<Finding> {
    let mut finding = None;
    for attempt in 1..3 {
        let check = check.with_attempt(context, attempt);
        let (outcome, task) = race(context, point, when, check, false)?;
        if mem::discriminant(&outcome) != mem::discriminant(suspicion) {
            return None;
        }
        finding = super::finding(&outcome, &task);
    }
    if !works_without_race(context, point, check) {
        return None;
    }
    let detail =
        "the event happened while the waker was cloned, and returned before the poll continued";
    finding.map(|finding| finding.with_detail(detail))
}

/// Whether the instance completes if its event happens before that poll, and if it happens after it.
pub(super) fn works_without_race(
    context: &ProbeContext,
    point: RacePoint,
    check: LostCheck,
) -> bool {
    [When::BeforePoll, When::AfterPoll].into_iter().all(|when| {
        let raced = race(context, point, when, check, false);
        matches!(raced, Some((DriveOutcome::Ready, _)))
    })
}

/// Fires the event at the given moment. `None` if there is no such moment, or the instance does not return.
fn race(
    context: &ProbeContext,
    point: RacePoint,
    when: When,
    check: LostCheck,
    quick: bool,
) -> Option<(DriveOutcome, Arc<Task>)> {
    let task = Task::without_backtraces();
    let outcome = context
        .run(&task, move |factory, task| race_instance(factory, task, point, when, check, quick));
    match outcome {
        Outcome::Done(Some(outcome)) => Some((outcome, task)),
        _ => None,
    }
}

fn race_instance(
    factory: &Factory,
    task: &Arc<Task>,
    point: RacePoint,
    when: When,
    check: LostCheck,
    quick: bool,
) -> Option<DriveOutcome> {
    let timeout = check.options.wake_timeout;
    let (mut racer, event) = point.reach(factory, task, timeout)?;
    let firing = Firing::new(event, racer.event_number, task);
    let result = match when {
        When::BeforePoll => {
            firing.fire();
            firing.wait(timeout, || false);
            racer.poll(&racer.waker.to_waker())
        }
        When::AtClone(clone) => racer.poll(&firing.waker(&racer.waker, clone)),
        When::AfterPoll => {
            let result = racer.poll(&racer.waker.to_waker());
            firing.fire();
            result
        }
    };
    if !firing.has_fired() {
        return None;
    }
    firing.wait(timeout, || result != PollResult::Pending || racer.waker.woken());
    Some(racer.complete(result, check, task, quick))
}

/// An event that is fired once, on another thread.
#[derive(Clone)]
struct Firing {
    event: Arc<Mutex<Option<SendEvent>>>,
    number: u32,
    task: Arc<Task>,
    returned: Arc<AtomicBool>,
}

impl Firing {
    fn new(event: SendEvent, number: u32, task: &Arc<Task>) -> Firing {
        let event = Arc::new(Mutex::new(Some(event)));
        Firing { event, number, task: task.clone(), returned: Arc::default() }
    }

    fn has_fired(&self) -> bool {
        lock(&self.event).is_none()
    }

    /// A std waker that fires the event at a clone on this thread, after as many other clones.
    fn waker(&self, waker: &Arc<TaskWaker>, clones_before: u32) -> Waker {
        let (event, poller) = (Arc::downgrade(&self.event), thread::current().id());
        let (number, task, returned) = (self.number, self.task.clone(), self.returned.clone());
        let clones_before = AtomicU32::new(clones_before);
        clone_hook::waker(waker, move || {
            if thread::current().id() != poller {
                return;
            }
            let decrement = |remaining: u32| remaining.checked_sub(1);
            if clones_before.fetch_update(SeqCst, SeqCst, decrement).is_ok() {
                return;
            }
            // A clone that the future keeps must not keep the event: it may own a sender.
            let Some(event) = event.upgrade().filter(|event| lock(event).is_some()) else { return };
            task.comment("while the waker is cloned:");
            let (task, returned) = (task.clone(), returned.clone());
            Firing { event, number, task, returned }.fire();
        })
    }

    /// Fires the event on another thread. Waits until it returns, or waits for a lock of this thread.
    fn fire(&self) {
        let Some(event) = lock(&self.event).take() else { return };
        let id = Arc::new(AtomicU32::new(0));
        self.task.event_fired(self.number);
        let started = process::spawn({
            let (returned, id) = (self.returned.clone(), id.clone());
            move || {
                id.store(process::current_thread_id().unwrap_or(0), SeqCst);
                let _ = panics::catch(event);
                returned.store(true, SeqCst);
            }
        });
        if started.is_none() {
            return;
        }
        let mut state = None;
        check_every(SNAPSHOT_INTERVAL, MAX_CHECKS, || {
            self.task.heartbeat();
            // Asleep, and not run since the last check: it waits for a lock that the poll holds.
            let last_state = state.take();
            state = process::thread(id.load(SeqCst)).filter(|state| state.asleep);
            self.returned.load(SeqCst) || state.is_some() && state == last_state
        });
    }

    /// Waits until the event has returned, or `enough` holds.
    fn wait(&self, timeout: Timeout, enough: impl Fn() -> bool) {
        timeout.wait_until(|| {
            self.task.heartbeat();
            self.returned.load(SeqCst) || enough()
        });
    }
}
