//! What a sleep on a virtual clock holds in place of a registration with a queue.
//!
//! # Invariants
//! - It belongs to the virtual time in which its sleep was created, wherever it is polled.
//! - While the sleep is pending and has been polled, its timer is among those of the virtual time, at the time
//!   at which it is to fire now, with the waker of the last poll. So no jump goes past it, and none is to where it
//!   was before.
//! - Wakers are cloned, called and dropped with no lock held.

use super::{Shared, current, wake};
use crate::clock::ClockId;
use crate::sync::lock;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread::Thread;

#[derive(Debug)]
pub(crate) struct Timer {
    time: Arc<Shared>,
    clock: ClockId,
    /// Counts the sleeps of this virtual time: of equal deadlines, the lower number goes first.
    number: u64,
    /// Under which time it was put among the timers; it may have fired since.
    registered: Option<u64>,
    /// When it wakes the machine.
    alarm: Option<u64>,
}

impl Timer {
    /// A timer of the virtual time that the caller is in, if any.
    pub(crate) fn new(clock: ClockId) -> Option<Timer> {
        let time = current::time()?;
        let number = time.count_sleep();
        Some(Timer { time, clock, number, registered: None, alarm: None })
    }

    /// What a clock shows where the timer is at home.
    pub(crate) fn read(&self, clock: ClockId) -> u64 {
        self.time.now_ns(clock)
    }

    /// Ready at `deadline`; until then, `waker` is called at `at`, which is no earlier.
    pub(crate) fn poll(&mut self, deadline: u64, at: u64, waker: &Waker) -> Poll<()> {
        let mut new = Some(Arc::new(waker.clone()));
        let mut old = None;
        let mut idle = Vec::new();
        let mut changed = true;
        let mut state = lock(&self.time.state);
        let pending = deadline > state.now_ns(self.clock);
        if let Some(before) = self.registered.take_if(|before| !pending || *before != at) {
            old = state.remove(self.clock, (before, self.number));
        }
        if pending {
            let key = (at, self.number);
            match state.get_mut(self.clock, key) {
                Some(sleeper) if sleeper.will_wake(waker) => changed = false,
                Some(sleeper) => old = new.take().map(|new| std::mem::replace(sleeper, new)),
                None => idle.extend(new.take().map(|new| state.insert(self.clock, key, new))),
            }
            self.registered = Some(at);
        }
        drop(state);
        drop((old, new));
        if changed {
            self.time.note_activity();
        }
        idle.iter().flatten().for_each(Thread::unpark);
        if pending { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Has it fire at `at`, if its sleep waits: at once, if that has passed.
    pub(crate) fn fire_at(&mut self, at: u64) {
        let Some(before) = self.registered.take() else { return };
        let mut due = None;
        let mut idle = Vec::new();
        let mut state = lock(&self.time.state);
        // Where it has fired, its task has been woken and will poll it, which registers it again.
        if let Some(sleeper) = state.remove(self.clock, (before, self.number)) {
            if at > state.now_ns(self.clock) {
                idle = state.insert(self.clock, (at, self.number), sleeper);
                self.registered = Some(at);
            } else {
                due = Some(sleeper);
            }
        }
        drop(state);
        self.time.note_activity();
        idle.iter().for_each(Thread::unpark);
        if let Some(due) = due {
            wake(due);
        }
    }

    /// Has it wake the machine at `at`, whether anybody waits or not.
    pub(crate) fn set_alarm(&mut self, at: Option<u64>) {
        let before = std::mem::replace(&mut self.alarm, at);
        let mut state = lock(&self.time.state);
        if let Some(before) = before {
            state.remove_alarm(self.clock, (before, self.number));
        }
        if let Some(at) = at {
            state.set_alarm(self.clock, (at, self.number));
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if self.alarm.is_some() {
            self.set_alarm(None);
        }
        if let Some(at) = self.registered {
            let sleeper = lock(&self.time.state).remove(self.clock, (at, self.number));
            self.time.note_activity();
            drop(sleeper);
        }
    }
}
