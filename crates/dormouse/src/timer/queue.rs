//! A queue: all timers of one clock on one reactor, in one wheel, behind one alarm.
//!
//! It sits on its reactor as a user's fd would. When the alarm goes off, the reactor calls the
//! queue's waker, and [`Queue::fire`] turns the wheel right there and wakes the sleepers. No task,
//! no thread. It knows no executor.
//!
//! Queues live as long as the program: a sleep refers to one without counting references. There is one
//! a clock for the builtin reactor and one for async-io; those of tokio runtimes are handed on from
//! a runtime that has ended to the next, and told apart by a term of office.
//!
//! # Invariants
//! Under the lock, whenever no call of `fire` is between its beginning and its end:
//! - the alarm is set to `armed`, and `armed` is no later than the earliest deadline in the wheel (or, just
//!   after many timers have fired at once, than `not_before`). So a later deadline and a cancellation need
//!   no system call, and an earlier one needs one.
//! - the waker is left with the alarm. So the alarm at `armed` calls `fire`, which re-establishes both.
//!
//! `fire` listens first, reads the clock second, and sets the alarm last. What fell due before the
//! clock was read is woken by this call; what is due later has an alarm that was set after
//! listening, and so calls again.
//!
//! A waker is a stranger's code: it is cloned, called and dropped with no lock held, and it may
//! create, poll, reset and drop timers.

#[cfg(test)]
mod tests;

use super::alarm::Alarm;
use crate::clock::ClockId;
use crate::reactor::{Reactor, wake};
use crate::sync::lock;
use crate::wheel::{Key, Wheel};
#[cfg(feature = "tokio")]
use std::io;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Wake, Waker};

/// How many timers go out before the lock is let go for a moment.
const BATCH: usize = 1024;
/// The buffer for due timers is kept between calls up to this size.
const SPARE: usize = 4 * BATCH;

/// How far apart wake-ups are for each timer beyond the first that the last one had, and at most. So a
/// queue with little to do calls for each deadline, and one with more than some 40,000 timers a second
/// (one each 25 us) takes many at a time.
const SPACING_NS: u64 = 25_000;
const MAX_SPACING_NS: u64 = 500_000;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Queue {
    clock: ClockId,
    home: Home,
    waker: OnceLock<Waker>,
    state: Mutex<State>,
}

/// Whose reactor a queue sits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    Builtin,
    #[cfg(feature = "smol")]
    AsyncIo,
    #[cfg(feature = "tokio")]
    Tokio,
}

#[derive(Debug)]
struct State {
    wheel: Option<Wheel<Waker>>,
    /// None before the start, and after the end of the reactor.
    alarm: Option<Alarm>,
    armed: u64,
    /// The alarm is set to no time before this.
    not_before: u64,
    term: u64,
    spare: Vec<(u64, Waker)>,
    #[cfg(test)]
    fires: usize,
}

/// The queue's reactor has ended or could not be had.
#[derive(Debug)]
pub(crate) struct Gone;

/// What happens when the alarm goes off.
struct Fire(&'static Queue);

impl Wake for Fire {
    fn wake(self: Arc<Self>) {
        self.0.fire();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.fire();
    }
}

impl Queue {
    pub(crate) const fn new(clock: ClockId, home: Home) -> Queue {
        let state = State {
            wheel: None,
            alarm: None,
            armed: u64::MAX,
            not_before: 0,
            term: 0,
            spare: Vec::new(),
            #[cfg(test)]
            fires: 0,
        };
        Queue { clock, home, waker: OnceLock::new(), state: Mutex::new(state) }
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn home(&self) -> Home {
        self.home
    }

    /// Puts the queue on a reactor, for a new term of office.
    #[cfg(feature = "tokio")]
    pub(crate) fn start_on(&'static self, reactor: &Reactor) -> io::Result<u64> {
        // Under the lock, so that a call of `fire` meanwhile, which may tell that the runtime has ended,
        // comes after.
        let mut state = lock(&self.state);
        state.alarm = Some(Alarm::timerfd(self.clock, reactor, self.waker())?);
        Ok(state.term)
    }

    /// Adds a timer.
    ///
    /// # Errors
    /// If the reactor cannot be had, or `term` is over.
    pub(crate) fn insert(
        &'static self,
        term: u64,
        deadline: u64,
        now: u64,
        waker: &Waker,
    ) -> Result<Key, Gone> {
        let waker = waker.clone();
        let mut state = lock(&self.state);
        if state.term != term || state.alarm.is_none() && self.start(&mut state).is_err() {
            drop(state);
            drop(waker);
            return Err(Gone);
        }
        let state = &mut *state;
        let key = state.wheel.get_or_insert_with(Wheel::new).insert(deadline, now, waker);
        self.rearm(state, deadline);
        Ok(key)
    }

    /// Replaces the waker of a timer, and says whether the timer still waits.
    pub(crate) fn refresh(&self, key: Key, waker: &Waker) -> bool {
        {
            let mut state = lock(&self.state);
            match state.value_mut(key) {
                None => return false,
                Some(stored) if stored.will_wake(waker) => return true,
                Some(_) => {}
            }
        }
        let mut new = waker.clone();
        let mut state = lock(&self.state);
        let found = state.value_mut(key).map(|stored| std::mem::swap(stored, &mut new)).is_some();
        drop(state);
        drop(new);
        found
    }

    /// Gives a timer another deadline, and says whether it still waits.
    pub(crate) fn reset(&self, key: Key, deadline: u64) -> bool {
        let state = &mut *lock(&self.state);
        let found = state.wheel.as_mut().is_some_and(|wheel| wheel.reset(key, deadline));
        if found {
            self.rearm(state, deadline);
        }
        found
    }

    /// Takes a timer out. No system call: the alarm goes off for nothing at worst.
    pub(crate) fn remove(&self, key: Key) {
        let waker = lock(&self.state).wheel.as_mut().and_then(|wheel| wheel.remove(key));
        drop(waker);
    }

    /// Wakes all whose time has come.
    fn fire(&'static self) {
        let mut due = std::mem::take(&mut lock(&self.state).spare);
        let gone = !self.turn(&mut due);
        for (_, waker) in due.drain(..) {
            wake(waker);
        }
        if due.capacity() <= SPARE {
            lock(&self.state).spare = due;
        }
        if gone {
            self.retire();
        }
    }

    /// Turns the wheel and sets the alarm. False if the reactor has ended; then everybody is due, to
    /// find another.
    fn turn(&'static self, due: &mut Vec<(u64, Waker)>) -> bool {
        let mut state = lock(&self.state);
        match &state.alarm {
            None => return true,
            Some(alarm) if alarm.listen(self.waker()).is_err() => {
                let alarm = state.alarm.take();
                state.armed = u64::MAX;
                state.term += u64::from(self.is_lent());
                due.extend(state.wheel.as_mut().map(Wheel::clear).unwrap_or_default());
                drop(state);
                drop(alarm);
                return false;
            }
            Some(_) => {}
        }
        #[cfg(test)]
        (state.fires += 1);
        ClockId::synchronize();
        let now = self.clock.now_ns();
        while state.wheel.as_mut().is_some_and(|wheel| !wheel.turn(now, BATCH, due)) {
            drop(state);
            state = lock(&self.state);
        }
        let others = due.len().saturating_sub(1) as u64;
        state.not_before = now + (others * SPACING_NS).min(MAX_SPACING_NS);
        let state = &mut *state;
        let next = state.wheel.as_ref().and_then(Wheel::next_deadline).unwrap_or(u64::MAX);
        if let Some(Alarm::Deadline { .. }) = state.alarm {
            // What was not to be had may be now.
            if let Ok(alarm) = Alarm::timerfd(self.clock, &Reactor::builtin(), self.waker()) {
                state.alarm = Some(alarm);
            }
        }
        // It has gone off; and if it did so early, it will not do so again.
        state.armed = u64::MAX;
        self.rearm(state, next);
        true
    }

    /// Sets the alarm to `deadline` unless it is set to an earlier time.
    fn rearm(&self, state: &mut State, deadline: u64) {
        let deadline = deadline.max(state.not_before);
        if deadline >= state.armed {
            return;
        }
        state.armed = deadline;
        if let Some(alarm) = &state.alarm {
            // Setting a timerfd of our own to a valid time cannot fail.
            let _ = alarm.set(deadline);
        }
    }

    fn start(&'static self, state: &mut State) -> Result<(), Gone> {
        ClockId::synchronize();
        let reactor = match self.home {
            Home::Builtin => Reactor::builtin(),
            #[cfg(feature = "smol")]
            Home::AsyncIo => Reactor::async_io(),
            #[cfg(feature = "tokio")]
            Home::Tokio => return Err(Gone),
        };
        let alarm = Alarm::timerfd(self.clock, &reactor, self.waker()).or_else(|err| {
            if self.home == Home::Builtin {
                Alarm::deadline(self.clock, self.waker())
            } else {
                Err(err)
            }
        });
        state.alarm = Some(alarm.map_err(|_| Gone)?);
        Ok(())
    }

    /// The tokio runtime has ended: the queue is free for the next.
    fn retire(&'static self) {
        #[cfg(feature = "tokio")]
        if self.is_lent() {
            super::runtime::retire(self, self.clock);
        }
    }

    /// Whether the queue serves one tokio runtime after the other.
    fn is_lent(&self) -> bool {
        #[cfg(feature = "tokio")]
        return self.home == Home::Tokio;
        #[cfg(not(feature = "tokio"))]
        false
    }

    #[cfg(test)]
    fn fires(&self) -> usize {
        lock(&self.state).fires
    }

    fn waker(&'static self) -> &'static Waker {
        self.waker.get_or_init(|| Waker::from(Arc::new(Fire(self))))
    }
}

impl State {
    fn value_mut(&mut self, key: Key) -> Option<&mut Waker> {
        self.wheel.as_mut()?.value_mut(key)
    }
}
