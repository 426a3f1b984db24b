//! The present times of the clocks of a virtual time, and the timers registered with them.
//!
//! Plain data, used under one lock. It moves the clocks and returns the wakers to call; it calls none itself.
//!
//! # Invariants
//! - Clocks advance with [`Clocks::step`], which stops at the next deadline and removes its timer. So no clock goes past
//!   a deadline in `timers`, except by a jump ([`Clocks::advance_one`] or [`Clocks::set_one`]), after which the caller
//!   takes out the timers that are due. Timers with equal deadlines are taken out one at a time.
//! - Every entry of `alarms` is later than what its clock shows.
//! - No clock goes past `END_NS`. So a sleep until after that never completes, and time never advances to it.

use super::busy::Busy;
use crate::system_clock::ClockId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;
use std::thread::Thread;

/// The last time that a clock can show. Two deadlines are later, and never come: `Instant::FAR_FUTURE`, and the
/// nanosecond before it, which `WallClockChanges` and `Resumes` sleep until to be woken by a jump.
pub(super) const END_NS: u64 = u64::MAX - 2;

/// Shared, so that it can be cloned under the lock: `Waker::clone` may run user code.
pub(crate) type SharedWaker = Arc<Waker>;

/// Deadline in ns, and the number of the sleep. Orders the timers of one clock: of equal deadlines, the sleep that was
/// created first.
type TimerKey = (u64, u64);

#[derive(Debug)]
pub(crate) struct Clocks {
    /// By clock.
    now: [u64; ClockId::ALL.len()],
    /// By clock. A map instead of the timing wheel: the wheel orders equal deadlines by insertion, not by the creation of
    /// the sleeps, and speed does not matter here.
    timers: [BTreeMap<TimerKey, SharedWaker>; ClockId::ALL.len()],
    /// By clock: the alarms that have not gone off.
    alarms: [BTreeSet<TimerKey>; ClockId::ALL.len()],
    /// How many sleeps were created.
    sleeps: u64,
    pub(crate) busy: Busy,
    /// Threads in `block_on` that wait for a deadline to advance to.
    parked: Vec<Thread>,
}

impl Clocks {
    /// The clocks start at what the real ones show, so that an instant taken before stays valid.
    pub(super) fn new() -> Clocks {
        Clocks {
            now: ClockId::ALL.map(|clock| clock.now_ns().min(END_NS)),
            timers: Default::default(),
            alarms: Default::default(),
            sleeps: 0,
            busy: Busy::default(),
            parked: Vec::new(),
        }
    }

    pub(super) fn now_ns(&self, clock: ClockId) -> u64 {
        self.now[clock as usize]
    }

    /// Counts a new sleep, and returns its number.
    pub(super) fn count_sleep(&mut self) -> u64 {
        self.busy.note_activity();
        self.sleeps += 1;
        self.sleeps
    }

    /// Adds a timer that is not due. The caller unparks the threads that are returned, which can advance to it.
    pub(super) fn insert(
        &mut self,
        clock: ClockId,
        key: TimerKey,
        waker: SharedWaker,
    ) -> Vec<Thread> {
        self.timers[clock as usize].insert(key, waker);
        if key.0 > END_NS { Vec::new() } else { std::mem::take(&mut self.parked) }
    }

    pub(super) fn get_mut(&mut self, clock: ClockId, key: TimerKey) -> Option<&mut SharedWaker> {
        self.timers[clock as usize].get_mut(&key)
    }

    pub(super) fn remove(&mut self, clock: ClockId, key: TimerKey) -> Option<SharedWaker> {
        self.timers[clock as usize].remove(&key)
    }

    /// The timer with the least time left on its own clock, and the time left in ns, which is negative for a timer that
    /// a jump went past. Of timers with equal time left, that of the sleep created first.
    fn next_timer(&self) -> Option<(i128, ClockId, TimerKey)> {
        let first = |clock: ClockId| {
            let (&key, _) = self.timers[clock as usize].first_key_value()?;
            let left = i128::from(key.0) - i128::from(self.now_ns(clock));
            (key.0 <= END_NS).then_some((left, clock, key))
        };
        ClockId::ALL
            .into_iter()
            .filter_map(first)
            .min_by_key(|&(left, _, (_, number))| (left, number))
    }

    /// Whether there is a deadline to advance to.
    pub(super) fn has_deadline(&self) -> bool {
        self.next_timer().is_some()
    }

    /// Advances all clocks to the next deadline, but by no more than `limit_ns`. Returns by how much, and the waker of
    /// the timer if the deadline is reached.
    pub(super) fn step(&mut self, limit_ns: u64) -> (u64, Option<SharedWaker>) {
        let next = self.next_timer().filter(|(left, ..)| *left <= i128::from(limit_ns));
        let moved_ns = match next {
            Some((left, ..)) => u64::try_from(left).unwrap_or(0),
            None => limit_ns,
        };
        for clock in ClockId::ALL {
            self.advance_one(clock, moved_ns);
        }
        (moved_ns, next.and_then(|(_, clock, key)| self.remove(clock, key)))
    }

    /// Advances all clocks to the next deadline. Without one, time stands still.
    pub(super) fn step_to_deadline(&mut self) -> Option<SharedWaker> {
        if self.has_deadline() { self.step(u64::MAX).1 } else { None }
    }

    /// Removes the first timer that is due, if there is one. The clocks do not move.
    pub(super) fn take_due(&mut self) -> Option<SharedWaker> {
        self.step(0).1
    }

    /// Advances one clock, even past deadlines.
    pub(crate) fn advance_one(&mut self, clock: ClockId, ns: u64) {
        let now = &mut self.now[clock as usize];
        *now = now.saturating_add(ns).min(END_NS);
        self.remove_past_alarms(clock);
    }

    /// Sets one clock, forward or back, even past deadlines.
    pub(crate) fn set_one(&mut self, clock: ClockId, ns: u64) {
        self.now[clock as usize] = ns.min(END_NS);
        self.remove_past_alarms(clock);
    }

    /// The wakers of all timers of one clock.
    pub(super) fn wakers(&self, clock: ClockId) -> Vec<SharedWaker> {
        self.timers[clock as usize].values().cloned().collect()
    }

    pub(super) fn set_alarm(&mut self, clock: ClockId, key: TimerKey) {
        self.alarms[clock as usize].insert(key);
        self.remove_past_alarms(clock);
    }

    pub(super) fn remove_alarm(&mut self, clock: ClockId, key: TimerKey) {
        self.alarms[clock as usize].remove(&key);
    }

    /// An alarm goes off once, when the clock reaches it, and not again if the clock is set back.
    fn remove_past_alarms(&mut self, clock: ClockId) {
        let now = self.now_ns(clock);
        let alarms = &mut self.alarms[clock as usize];
        while alarms.first().is_some_and(|&(at, _)| at <= now) {
            alarms.pop_first();
        }
    }

    /// The time in ns until an alarm wakes the machine.
    pub(crate) fn until_alarm(&self) -> Option<u64> {
        let first = |clock: ClockId| {
            let &(at, _) = self.alarms[clock as usize].first()?;
            Some(at - self.now_ns(clock))
        };
        ClockId::ALL.into_iter().filter_map(first).min()
    }

    /// Adds a thread that is about to park, unless there is a deadline to advance to. [`insert`](Self::insert) returns
    /// the thread when there is such a deadline. True if the thread was added.
    pub(crate) fn add_parked(&mut self, thread: &Thread) -> bool {
        let added = !self.has_deadline();
        if added {
            self.parked.push(thread.clone());
        }
        added
    }

    pub(crate) fn remove_parked(&mut self, thread: &Thread) {
        self.parked.retain(|parked| parked.id() != thread.id());
    }
}
