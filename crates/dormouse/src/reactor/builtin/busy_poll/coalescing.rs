//! The coalescing of events: under load, the reactor thread sleeps before it waits, and then takes many events at once.
//!
//! While the threads of an executor are busy on all CPUs, an event that wakes the reactor thread takes a CPU away from them,
//! for that event alone, and hands the task to a thread that has run out of work meanwhile. So each event costs several
//! context switches. During a sleep events accumulate. (Network drivers coalesce interrupts for the same reason.)
//!
//! # Invariants
//! - It is tried only while events are frequent ([`FREQUENT`]), so an event that comes alone is not delayed.
//! - Sleeps are rare unless they are worth it: [`BATCH`] events are pending after one, and they came as frequently. A few
//!   connections whose peers wait for answers never have so many, and where timers are coarse a sleep takes too long for
//!   most. The nth of the other sleeps in a row is followed by 2^n waits without one, and by at most [`MAX_SKIPPED`].
//! - A wait follows each sleep. So no event is lost, and each is late by one sleep at most.

use super::Skips;
use crate::sync::thread;
use crate::sync::time::Instant;
use std::time::Duration;

/// How long the thread sleeps. On Linux it takes 50 us more, the timer slack of a thread.
const SLEEP: Duration = Duration::from_micros(20);
/// Fewer events are delivered sooner without the sleep, at about the same cost.
const BATCH: usize = 20;
/// Events are frequent if this is the mean time between them, at most.
const FREQUENT: Duration = Duration::from_micros(20);
/// The events whose mean time is checked.
const CHECKED: usize = 32;
/// The most waits without a sleep after sleeps that were not worth it.
const MAX_SKIPPED: u32 = 1024;

/// Decides which waits begin with a sleep.
pub(super) struct Coalescing {
    /// The events since `since`.
    events: usize,
    since: Instant,
    are_frequent: bool,
    /// How long the thread has slept before the wait that is in progress.
    slept: Option<Duration>,
    skips: Skips<MAX_SKIPPED>,
}

impl Coalescing {
    pub(super) fn new() -> Coalescing {
        Coalescing {
            events: 0,
            since: Instant::now(),
            are_frequent: false,
            slept: None,
            skips: Skips::default(),
        }
    }

    /// Called before a wait. Returns whether the thread has slept.
    pub(super) fn sleep(&mut self) -> bool {
        let sleeps = self.should_sleep();
        if sleeps {
            let start = Instant::now();
            thread::sleep(SLEEP);
            self.slept = Some(start.elapsed());
        }
        sleeps
    }

    fn should_sleep(&mut self) -> bool {
        !self.skips.skip() && self.are_frequent
    }

    /// Called after a wait.
    pub(super) fn found(&mut self, events: usize) {
        if let Some(slept) = self.slept.take() {
            self.skips.tried(events >= BATCH && are_frequent(events, slept));
        }
        self.events += events;
        if self.events >= CHECKED {
            let now = Instant::now();
            self.are_frequent = are_frequent(self.events, now.duration_since(self.since));
            self.since = now;
            self.events = 0;
        }
    }
}

fn are_frequent(events: usize, time: Duration) -> bool {
    time <= FREQUENT.saturating_mul(events.try_into().unwrap_or(u32::MAX))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// How many of 10,000 waits sleep, if events are frequent, each sleep takes `slept`, and each wait returns `events`.
    fn sleeps(slept: Duration, events: usize) -> usize {
        let mut coalescing = Coalescing::new();
        let mut sleeps = 0;
        for _ in 0..10_000 {
            coalescing.are_frequent = true;
            if coalescing.should_sleep() {
                coalescing.slept = Some(slept);
                sleeps += 1;
            }
            coalescing.found(events);
        }
        sleeps
    }

    #[test]
    fn each_wait_sleeps_while_many_events_are_pending_after_it() {
        assert_eq!(sleeps(SLEEP, BATCH), 10_000);
    }

    #[test]
    fn sleeps_that_are_not_worth_it_become_rare() {
        assert!(sleeps(SLEEP, BATCH - 1) < 25);
        assert!(sleeps(SLEEP, 1) < 25);
        assert!(sleeps(100 * FREQUENT, 99) < 25);
    }

    #[test]
    fn rare_events_are_not_delayed() {
        assert!(are_frequent(100, 100 * FREQUENT));
        assert!(!are_frequent(99, 100 * FREQUENT));
        let mut coalescing = Coalescing::new();
        coalescing.since = Instant::now() - 100 * FREQUENT;
        coalescing.found(99);
        assert!(!coalescing.should_sleep());
    }
}
