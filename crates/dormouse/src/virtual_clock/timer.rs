//! The timer of a sleep in virtual time, in place of its registration with a timer queue.
//!
//! # Invariants
//! - A timer belongs to the virtual time in which its sleep was created, wherever the sleep is polled.
//! - While a sleep is pending and has been polled, `Clocks` has a timer for it, with the present `fires_at` of the sleep
//!   as the deadline and the waker of the last poll; or that waker has been called since. A reset moves the timer at
//!   once. So no step goes past `fires_at`, and none stops at a former one.
//! - Wakers are cloned, called and dropped with no lock held.

use super::clocks::SharedWaker;
use super::{Shared, current, wake};
use crate::sync::lock;
use crate::system_clock::ClockId;
use std::sync::Arc;
use std::task::{Poll, Waker};
use std::thread::Thread;

/// `fires_at` is as in [`TimerSlot`](super::TimerSlot).
#[derive(Debug)]
pub(super) struct Timer {
    time: Arc<Shared>,
    clock: ClockId,
    /// The number of the sleep in its virtual time: of equal deadlines, the lower number fires first.
    number: u64,
    /// The deadline of its entry in `Clocks`. The timer may have fired since.
    registered: Option<u64>,
    /// The time at which it wakes the machine.
    alarm: Option<u64>,
}

impl Timer {
    /// In the virtual time that the caller is in, if any.
    pub(super) fn new(clock: ClockId) -> Option<Timer> {
        let time = current::current()?;
        let number = lock(&time.clocks).count_sleep();
        Some(Timer { time, clock, number, registered: None, alarm: None })
    }

    /// What `clock` shows in the virtual time of the sleep.
    pub(super) fn now_ns(&self, clock: ClockId) -> u64 {
        self.time.now_ns(clock)
    }

    /// Ready if the clock has reached `deadline`. Otherwise registers `waker`, to be called at `fires_at`.
    pub(super) fn poll(&mut self, deadline: u64, fires_at: u64, waker: &Waker) -> Poll<()> {
        let mut new = Some(Arc::new(waker.clone()));
        let mut old = None;
        let mut parked = Vec::new();
        let mut changed = true;
        let mut clocks = lock(&self.time.clocks);
        let pending = deadline > clocks.now_ns(self.clock);
        if let Some(before) = self.registered.take_if(|before| !pending || *before != fires_at) {
            old = clocks.remove(self.clock, (before, self.number));
        }
        if pending {
            let key = (fires_at, self.number);
            match clocks.get_mut(self.clock, key) {
                Some(registered) if registered.will_wake(waker) => changed = false,
                Some(registered) => {
                    old = new.take().map(|new| std::mem::replace(registered, new));
                }
                None => parked.extend(new.take().map(|new| clocks.insert(self.clock, key, new))),
            }
            self.registered = Some(fires_at);
        }
        if changed {
            clocks.busy.note_activity();
        }
        drop(clocks);
        drop((old, new));
        parked.iter().flatten().for_each(Thread::unpark);
        if pending { Poll::Pending } else { Poll::Ready(()) }
    }

    /// Moves a registered timer to `fires_at`. If that has passed, its waker is called at once.
    pub(super) fn reset(&mut self, fires_at: u64) {
        let Some(before) = self.registered.take() else { return };
        let mut due: Option<SharedWaker> = None;
        let mut parked = Vec::new();
        let mut clocks = lock(&self.time.clocks);
        // If the timer has fired, its task has been woken; the next poll registers the timer again.
        if let Some(waker) = clocks.remove(self.clock, (before, self.number)) {
            if fires_at > clocks.now_ns(self.clock) {
                parked = clocks.insert(self.clock, (fires_at, self.number), waker);
                self.registered = Some(fires_at);
            } else {
                due = Some(waker);
            }
        }
        clocks.busy.note_activity();
        drop(clocks);
        parked.iter().for_each(Thread::unpark);
        if let Some(due) = due {
            wake(due);
        }
    }

    /// Wakes the machine at `at`.
    pub(super) fn set_alarm(&mut self, at: Option<u64>) {
        let before = std::mem::replace(&mut self.alarm, at);
        let mut clocks = lock(&self.time.clocks);
        if let Some(before) = before {
            clocks.remove_alarm(self.clock, (before, self.number));
        }
        if let Some(at) = at {
            clocks.set_alarm(self.clock, (at, self.number));
        }
    }
}

impl Drop for Timer {
    fn drop(&mut self) {
        if self.alarm.is_some() {
            self.set_alarm(None);
        }
        if let Some(at) = self.registered {
            let mut clocks = lock(&self.time.clocks);
            let waker = clocks.remove(self.clock, (at, self.number));
            clocks.busy.note_activity();
            drop(clocks);
            drop(waker);
        }
    }
}
