//! The field of a sleep for its timer outside of the timer queues: in virtual time, and in a tokio runtime whose clock can
//! be paused.
//!
//! A sleep that is created in virtual time stays there. Any other sleep follows the clock of the runtime that polls it.

use super::paused::{self, PausedTimer};
use super::timer::Timer;
use crate::system_clock::ClockId;
use std::task::{Poll, Waker};

/// `fires_at` is the time in ns at which the timer fires: the deadline of the sleep, or later within its slack.
#[derive(Debug)]
pub(crate) struct TimerSlot(Kind);

/// The timers are boxed, because most sleeps are in real time.
#[derive(Debug)]
enum Kind {
    /// In real time, wherever the sleep is created and polled.
    Real,
    /// In real time, except inside a runtime whose clock is paused.
    Outside(Option<Box<PausedTimer>>),
    Virtual(Box<Timer>),
}

impl TimerSlot {
    /// Of a sleep in real time.
    pub(crate) const REAL: TimerSlot = TimerSlot(Kind::Real);

    /// With a timer in the virtual time that the caller is in, if any.
    pub(crate) fn new(clock: ClockId) -> TimerSlot {
        TimerSlot(match Timer::new(clock) {
            Some(timer) => Kind::Virtual(Box::new(timer)),
            None => Kind::Outside(None),
        })
    }

    /// What `clock` shows in the time of the sleep. `None` in real time.
    pub(crate) fn now_ns(&self, clock: ClockId) -> Option<u64> {
        match &self.0 {
            Kind::Real => None,
            Kind::Outside(_) => paused::now_ns(clock),
            Kind::Virtual(timer) => Some(timer.now_ns(clock)),
        }
    }

    /// Ready if `clock` has reached `deadline`. Otherwise registers `waker`, to be called at `fires_at`. `None` in real
    /// time.
    pub(crate) fn poll(
        &mut self,
        clock: ClockId,
        deadline: u64,
        fires_at: u64,
        waker: &Waker,
    ) -> Option<Poll<()>> {
        match &mut self.0 {
            Kind::Real => None,
            Kind::Outside(slot) => paused::poll(slot, clock, deadline, fires_at, waker),
            Kind::Virtual(timer) => Some(timer.poll(deadline, fires_at, waker)),
        }
    }

    /// Called when the sleep is registered in real time: prepares for a pause of the clock.
    pub(crate) fn registered(&mut self, clock: ClockId, fires_at: u64, waker: &Waker) {
        if let Kind::Outside(slot) = &mut self.0 {
            paused::register(slot, clock, fires_at, waker);
        }
    }

    /// Called when the sleep has completed in real time.
    pub(crate) fn completed(&mut self) {
        if let Kind::Outside(slot) = &mut self.0 {
            *slot = None;
        }
    }

    /// Moves a registered timer to `fires_at`. If that has passed, its waker is called, in virtual time at once. Returns
    /// false outside of virtual time, where the sleep may be registered in real time too.
    pub(crate) fn reset(&mut self, fires_at: u64) -> bool {
        match &mut self.0 {
            Kind::Real => false,
            Kind::Outside(slot) => {
                paused::reset(slot, fires_at);
                false
            }
            Kind::Virtual(timer) => {
                timer.reset(fires_at);
                true
            }
        }
    }

    /// In virtual time, wakes the machine at `at`, whether or not a task waits for the sleep. Inside a runtime whose clock is
    /// paused there are no suspends, so it does nothing. Returns false in real time.
    pub(crate) fn set_alarm(&mut self, at: u64) -> bool {
        match &mut self.0 {
            Kind::Real => false,
            Kind::Outside(_) => paused::is_followed(),
            Kind::Virtual(timer) => {
                timer.set_alarm(Some(at));
                true
            }
        }
    }
}
