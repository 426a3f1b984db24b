//! An event that is fired by the probe itself, perhaps while the future clones its waker.

use crate::clone_hook;
use crate::panics;
use crate::process::{self, SNAPSHOT_INTERVAL};
use crate::sync::lock;
use crate::task::{Task, TaskWaker};
use crate::timeout::{Timeout, check_every};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;

/// How many times, at intervals of `SNAPSHOT_INTERVAL`, to check an event that neither returns nor sleeps.
const MAX_CHECKS: u32 = 250;

pub(super) type SendEvent = Box<dyn FnOnce() + Send>;

/// An event that is fired once, on another thread.
#[derive(Clone)]
pub(super) struct Firing {
    event: Arc<Mutex<Option<SendEvent>>>,
    number: u32,
    task: Arc<Task>,
    returned: Arc<AtomicBool>,
}

impl Firing {
    pub(super) fn new(event: SendEvent, number: u32, task: &Arc<Task>) -> Firing {
        let event = Arc::new(Mutex::new(Some(event)));
        Firing { event, number, task: task.clone(), returned: Arc::default() }
    }

    pub(super) fn has_fired(&self) -> bool {
        lock(&self.event).is_none()
    }

    /// A std waker that fires the event at a clone on this thread, after as many other clones.
    pub(super) fn waker(&self, waker: &Arc<TaskWaker>, clones_before: u32) -> Waker {
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
    pub(super) fn fire(&self) {
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
    pub(super) fn wait(&self, timeout: Timeout, enough: impl Fn() -> bool) {
        timeout.wait_until(|| {
            self.task.heartbeat();
            self.returned.load(SeqCst) || enough()
        });
    }
}
