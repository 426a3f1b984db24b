//! An event that is fired by the probe itself, perhaps while the future clones its waker.

use crate::probes::beside::{self, Work};
use crate::sync::lock;
use crate::task::{Task, TaskWaker};
use crate::timeout::Timeout;
use crate::waker_hook;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::task::Waker;
use std::thread;

/// An event that is fired once, on another thread.
#[derive(Clone)]
pub(super) struct Firing {
    event: Arc<Mutex<Option<Work>>>,
    number: u32,
    task: Arc<Task>,
    returned: Arc<AtomicBool>,
}

impl Firing {
    pub(super) fn new(event: Work, number: u32, task: &Arc<Task>) -> Firing {
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
        waker_hook::on_clone(waker, move || {
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
        self.task.event_fired(self.number);
        beside::run(event, &self.returned, || self.task.heartbeat());
    }

    /// Waits until the event has returned, or `enough` holds.
    pub(super) fn wait(&self, timeout: Timeout, enough: impl Fn() -> bool) {
        timeout.wait_until(|| {
            self.task.heartbeat();
            self.returned.load(SeqCst) || enough()
        });
    }
}
