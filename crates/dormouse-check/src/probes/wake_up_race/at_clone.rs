//! The event happens while the future clones its waker.
//!
//! The future clones the waker in order to register it. If it has checked for the event before, and cannot be woken yet,
//! it misses an event that happens now. So the clone waits until the event has returned; or until the event waits for
//! a lock that the poll holds, as in a correct future.

use super::lost::{self, LostCheck};
use crate::clone_hook;
use crate::event::Event;
use crate::finding::Finding;
use crate::instance::Factory;
use crate::panics;
use crate::probes::context::ProbeContext;
use crate::process::{self, SNAPSHOT_INTERVAL};
use crate::sync::lock;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::timeout::check_every;
use crate::watchdog::Outcome;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;

/// How many times, at intervals of `SNAPSHOT_INTERVAL`, to check an event that neither returns nor sleeps.
const MAX_CHECKS: u32 = 250;

/// The clone at which the event happens.
#[derive(Clone, Copy, Debug)]
struct ClonePoint {
    /// The number of polls before.
    polls: u32,
    /// The number of clones before, in the same poll.
    clones: u32,
}

pub(super) fn probe(context: &ProbeContext, check: LostCheck) -> Option<Finding> {
    let points =
        [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(polls, clones)| ClonePoint { polls, clones });
    points.into_iter().find_map(|point| {
        let task = Task::without_backtraces();
        let outcome = context.run(&task, move |factory, task| race(factory, task, point, check));
        let Outcome::Done(Some(true)) = outcome else { return None };
        let detail =
            "the event happened while the waker was cloned, and returned before the poll continued";
        Some(lost::finding(&task).with_detail(detail))
    })
}

/// Fires the event at the given clone. Returns whether its wake-up is lost; `None` if there is no such clone.
fn race(factory: &Factory, task: &Arc<Task>, point: ClonePoint, check: LostCheck) -> Option<bool> {
    let (mut instance, mut events) = factory.create(task).ok()?;
    let Event::Send(event) = events.take()? else { return None };
    let waker = task.waker();
    for _ in 0..point.polls {
        if instance.poll(&waker, true).made_progress() {
            return None;
        }
    }

    let event = Arc::new(Mutex::new(Some(event)));
    let std_waker = clone_hook::waker(&waker, {
        let (task, event, poller) = (task.clone(), event.clone(), thread::current().id());
        let clones_before = AtomicU32::new(point.clones);
        move || {
            if thread::current().id() != poller {
                return;
            }
            let decrement = |remaining: u32| remaining.checked_sub(1);
            if clones_before.fetch_update(SeqCst, SeqCst, decrement).is_ok() {
                return;
            }
            let event = lock(&event).take();
            if let Some(event) = event {
                task.comment("while the waker is cloned:");
                fire(event, &task);
            }
        }
    });
    let result = instance.poll_with(&waker, &std_waker, point.polls > 0);
    drop(std_waker);
    if lock(&event).is_some() {
        return None;
    }
    Some(result == PollResult::Pending && check.is_lost(&mut instance, &waker, task))
}

/// Fires the event on another thread. Waits until it returns, or waits for a lock of this thread.
fn fire(event: Box<dyn FnOnce() + Send>, task: &Arc<Task>) {
    let (finished, id) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU32::new(0)));
    task.event_fired(1);
    let started = process::spawn({
        let (finished, id) = (finished.clone(), id.clone());
        move || {
            id.store(process::current_thread_id().unwrap_or(0), SeqCst);
            let _ = panics::catch(event);
            finished.store(true, SeqCst);
        }
    });
    if started.is_none() {
        return;
    }
    let mut state = None;
    check_every(SNAPSHOT_INTERVAL, MAX_CHECKS, || {
        task.heartbeat();
        // Asleep, and not run since the last check: it waits for a lock that the poll holds.
        let last_state = state.take();
        state = process::thread(id.load(SeqCst)).filter(|state| state.asleep);
        finished.load(SeqCst) || state.is_some() && state == last_state
    });
}
