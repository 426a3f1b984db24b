//! What a virtual time is: where its clocks stand, and who waits for which of their times.
//!
//! Pure data behind one lock. It moves the clocks and says whom to wake; it wakes nobody.
//!
//! # Invariants
//! - Nothing in `timers` is due, but while somebody fires: whoever moves a clock takes out what that makes
//!   due, one timer at a time.
//! - No clock goes past `END_NS`; so a sleep until after that never completes, and is nothing to jump to.

use crate::clock::ClockId;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::task::Waker;
use std::thread::Thread;

/// The last time that a clock can show. Later ones are not meant to come: `Instant::FAR_FUTURE`, and the one just
/// before, until which sleep those who only want to be told when the wall clock is set.
const END_NS: u64 = u64::MAX - 2;

/// Whom to wake. Shared, so that nobody's code has to run under the lock to get it out.
pub(super) type Sleeper = Arc<Waker>;

/// Deadline in ns, and the number of the sleep: earlier sleeps first.
type Key = (u64, u64);

#[derive(Debug)]
pub(super) struct State {
    /// By clock.
    now: [u64; ClockId::ALL.len()],
    /// By clock. (A map, not the wheel of the real timers: that keeps no order among equals, and nothing here
    /// is in a hurry.)
    timers: [BTreeMap<Key, Sleeper>; ClockId::ALL.len()],
    /// By clock: what wakes the machine when it is suspended, and has not gone off yet.
    alarms: [BTreeSet<Key>; ClockId::ALL.len()],
    /// Threads in `block_on` that found no deadline to jump to.
    idle: Vec<Thread>,
}

impl State {
    /// The clocks start at what the real ones show, so that instants taken before mean what they say.
    pub(super) fn new() -> State {
        State {
            now: ClockId::ALL.map(|clock| clock.now_ns().min(END_NS)),
            timers: Default::default(),
            alarms: Default::default(),
            idle: Vec::new(),
        }
    }

    pub(super) fn now_ns(&self, clock: ClockId) -> u64 {
        self.now[clock as usize]
    }

    /// Adds a timer that is not due. The threads that are returned are to be told that there is one.
    pub(super) fn insert(&mut self, clock: ClockId, key: Key, sleeper: Sleeper) -> Vec<Thread> {
        self.timers[clock as usize].insert(key, sleeper);
        if key.0 > END_NS { Vec::new() } else { std::mem::take(&mut self.idle) }
    }

    pub(super) fn get_mut(&mut self, clock: ClockId, key: Key) -> Option<&mut Sleeper> {
        self.timers[clock as usize].get_mut(&key)
    }

    pub(super) fn remove(&mut self, clock: ClockId, key: Key) -> Option<Sleeper> {
        self.timers[clock as usize].remove(&key)
    }

    /// The timer with the least time left, by its own clock, and how much that is. Of equals, that of the
    /// sleep created first.
    fn next(&self) -> Option<(i128, ClockId, Key)> {
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

    /// Whether there is a deadline to jump to.
    pub(super) fn has_deadline(&self) -> bool {
        self.next().is_some()
    }

    /// Lets time go on, on every clock, to the next deadline, but by no more than `limit_ns`. Returns by how
    /// much, and whom to wake if there is one.
    pub(super) fn step(&mut self, limit_ns: u64) -> (u64, Option<Sleeper>) {
        let next = self.next().filter(|(left, ..)| *left <= i128::from(limit_ns));
        let moved = match next {
            Some((left, ..)) => u64::try_from(left).unwrap_or(0),
            None => limit_ns,
        };
        for clock in ClockId::ALL {
            self.go_on(clock, moved);
        }
        (moved, next.and_then(|(_, clock, key)| self.remove(clock, key)))
    }

    /// To the next deadline, and no further: without one, time stands still.
    pub(super) fn jump(&mut self) -> Option<Sleeper> {
        if self.has_deadline() { self.step(u64::MAX).1 } else { None }
    }

    /// The first timer that is due as the clocks stand.
    pub(super) fn take_due(&mut self) -> Option<Sleeper> {
        self.step(0).1
    }

    /// Lets one clock go on.
    pub(super) fn go_on(&mut self, clock: ClockId, ns: u64) {
        let now = &mut self.now[clock as usize];
        *now = now.saturating_add(ns).min(END_NS);
        self.forget_alarms(clock);
    }

    /// Sets one clock.
    pub(super) fn set(&mut self, clock: ClockId, ns: u64) {
        self.now[clock as usize] = ns.min(END_NS);
        self.forget_alarms(clock);
    }

    /// Everybody who sleeps by a clock.
    pub(super) fn sleepers(&self, clock: ClockId) -> Vec<Sleeper> {
        self.timers[clock as usize].values().cloned().collect()
    }

    pub(super) fn set_alarm(&mut self, clock: ClockId, key: Key) {
        self.alarms[clock as usize].insert(key);
        self.forget_alarms(clock);
    }

    pub(super) fn remove_alarm(&mut self, clock: ClockId, key: Key) {
        self.alarms[clock as usize].remove(&key);
    }

    /// Those that the clock has come to have gone off, once, even if it is set back.
    fn forget_alarms(&mut self, clock: ClockId) {
        let now = self.now_ns(clock);
        let alarms = &mut self.alarms[clock as usize];
        while alarms.first().is_some_and(|&(at, _)| at <= now) {
            alarms.pop_first();
        }
    }

    /// How long until an alarm wakes the machine.
    pub(super) fn until_alarm(&self) -> Option<u64> {
        let first = |clock: ClockId| {
            let &(at, _) = self.alarms[clock as usize].first()?;
            Some(at - self.now_ns(clock))
        };
        ClockId::ALL.into_iter().filter_map(first).min()
    }

    /// Has a thread in `block_on` unparked when there is a deadline; false if there is one.
    pub(super) fn add_idle(&mut self, thread: &Thread) -> bool {
        let idle = !self.has_deadline();
        if idle {
            self.idle.push(thread.clone());
        }
        idle
    }

    pub(super) fn remove_idle(&mut self, thread: &Thread) {
        self.idle.retain(|idle| idle.id() != thread.id());
    }
}
