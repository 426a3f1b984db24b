//! The busy-poll of the reactor thread: after an event, it polls again and again for a moment before it blocks.
//!
//! A task on another executor often answers an event at once, and the next event follows within microseconds. If the
//! reactor thread blocks meanwhile, both threads sleep and wake up in turn. On a machine with an idle CPU, each wake-up
//! takes some 50 us, and more CPU time than the events themselves.
//!
//! # Invariants
//! - Without events, the thread blocks: a busy-poll begins only after a wait that returned an event, and lasts for
//!   [`LIMIT`] at most.
//! - Busy-polls are rare unless they are worth it: one finds an event sooner than two threads would block and wake up
//!   ([`WORTH`]), while no other thread needs its CPU ([`MAX_STEP`]). The nth of the others in a row is followed by 2^n waits
//!   that block at once, and by at most [`MAX_SKIPPED`]. So events that come one by one, and a machine that is busy, cost at
//!   most `LIMIT / MAX_SKIPPED` of CPU time for each event.
//! - It is not tried with a timeout, or on a single CPU, where the task could not run meanwhile. Nor while a thread in
//!   `block_on` may poll (see [`poller`](super::poller)): this thread would take its events.
//! - Each poll is a wait. If one returns events, [`BusyPoll::wait`] returns them, signals of other threads included. So
//!   for the caller, the busy-poll is a part of the wait.
//!
//! Under load the thread does the opposite, and sleeps before it waits: see [`coalescing`].

mod coalescing;

use super::selector::{Events, Selector};
use crate::sync::thread;
use crate::sync::time::Instant;
use coalescing::Coalescing;
use std::io;
use std::num::NonZeroUsize;
use std::time::Duration;

/// The longest busy-poll. An executor whose threads sleep takes as long to begin its answer.
const LIMIT: Duration = Duration::from_micros(50);
/// About the CPU time of two threads to block and to wake up, where no CPU is idle.
const WORTH: Duration = Duration::from_micros(15);
/// If one poll and yield takes longer, another thread has run on this CPU. Then no CPU has to wake up for an event.
const MAX_STEP: Duration = Duration::from_micros(2);
/// The most waits without a busy-poll after busy-polls that were not worth it.
const MAX_SKIPPED: u32 = 64;

pub(super) struct BusyPoll {
    several_cpus: bool,
    backoff: Backoff,
    coalescing: Coalescing,
}

impl BusyPoll {
    pub(super) fn new() -> BusyPoll {
        let cpus = thread::available_parallelism().map_or(1, NonZeroUsize::get);
        BusyPoll {
            several_cpus: cpus > 1,
            backoff: Backoff::default(),
            coalescing: Coalescing::new(),
        }
    }

    /// Waits for events like [`Selector::wait`]. `alone` is whether no other thread waits for them.
    pub(super) fn wait(
        &mut self,
        selector: &Selector,
        events: &mut Events,
        timeout: Option<Duration>,
        alone: bool,
    ) -> io::Result<()> {
        let may_delay = alone && timeout.is_none();
        if may_delay && !self.coalescing.sleep() && self.several_cpus && self.backoff.should_poll()
        {
            let worth_it = poll_for_a_moment(selector, events)?;
            self.backoff.polled(worth_it);
            let found = events.iter().count();
            if found > 0 {
                self.coalescing.found(found);
                return Ok(());
            }
        }
        selector.wait(events, timeout)?;
        let found = events.iter().count();
        self.backoff.blocked(found > 0);
        self.coalescing.found(found);
        Ok(())
    }
}

/// Polls until there are events, for [`LIMIT`] at most. Returns whether that was worth it.
fn poll_for_a_moment(selector: &Selector, events: &mut Events) -> io::Result<bool> {
    let start = Instant::now();
    let (mut elapsed, mut idle_cpu) = (Duration::ZERO, true);
    loop {
        selector.wait(events, Some(Duration::ZERO))?;
        let before = std::mem::replace(&mut elapsed, start.elapsed());
        idle_cpu &= elapsed - before < MAX_STEP;
        if events.iter().next().is_some() {
            return Ok(idle_cpu && elapsed < WORTH);
        }
        if elapsed > LIMIT {
            return Ok(false);
        }
        // If more threads than CPUs are runnable, the task may be waiting for this CPU.
        thread::yield_now();
    }
}

/// Decides which waits begin with a busy-poll.
#[derive(Default)]
struct Backoff {
    /// Whether the last wait returned an event.
    had_events: bool,
    skips: Skips<MAX_SKIPPED>,
}

impl Backoff {
    fn should_poll(&mut self) -> bool {
        !self.skips.skip() && self.had_events
    }

    fn polled(&mut self, worth_it: bool) {
        self.had_events = worth_it;
        self.skips.tried(worth_it);
    }

    fn blocked(&mut self, found: bool) {
        self.had_events = found;
    }
}

/// Makes attempts that are not worth it rare: the nth in a row is followed by 2^n waits without one, and by at most `MAX`.
#[derive(Default)]
struct Skips<const MAX: u32> {
    /// Waits without an attempt.
    left: u32,
    /// `left` after the next attempt that is not worth it.
    next: u32,
}

impl<const MAX: u32> Skips<MAX> {
    /// Whether the next wait is one without an attempt.
    fn skip(&mut self) -> bool {
        let skip = self.left > 0;
        self.left = self.left.saturating_sub(1);
        skip
    }

    fn tried(&mut self, worth_it: bool) {
        if worth_it {
            self.next = 0;
        } else {
            self.next = (self.next * 2).clamp(1, MAX);
            self.left = self.next;
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// How many of `waits` poll, if each wait returns an event and no poll finds one.
    fn fruitless_polls(backoff: &mut Backoff, waits: u32) -> u32 {
        let mut polls = 0;
        for _ in 0..waits {
            if backoff.should_poll() {
                polls += 1;
                backoff.polled(false);
            }
            backoff.blocked(true);
        }
        polls
    }

    #[test]
    fn without_events_there_is_no_busy_poll() {
        let mut backoff = Backoff::default();
        for _ in 0..10 {
            assert!(!backoff.should_poll());
            backoff.blocked(false);
        }
    }

    #[test]
    fn busy_polls_that_find_nothing_become_rare() {
        let mut backoff = Backoff::default();
        assert!(fruitless_polls(&mut backoff, 200) <= 9);
        assert!(fruitless_polls(&mut backoff, 6_500) <= 101);
    }

    #[test]
    fn after_one_that_finds_an_event_the_next_wait_polls() {
        let mut backoff = Backoff::default();
        fruitless_polls(&mut backoff, 1_000);
        while !backoff.should_poll() {}
        backoff.polled(true);
        assert!(backoff.should_poll());
        backoff.polled(false);
        assert_eq!(backoff.skips.left, 1);
    }
}
