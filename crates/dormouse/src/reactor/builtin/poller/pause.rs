//! The pause of the reactor thread beside a busy poller.
//!
//! While a thread in `block_on` polls its future, each event wakes the reactor thread, which takes it, and wakes the future
//! again: two threads then do the work of one, and hand each event from one to the other. So if the reactor thread is
//! woken while a poller polls often, or could, the reactor thread pauses.
//!
//! The reactor thread decides on its own, after an event has woken it. So a pause costs no wake-up, and a poller that
//! takes all events itself never causes one.

use super::super::selector::Selector;
use super::super::unpark_thread;
use super::{BuiltinReactor, Role};
use crate::sync::atomic::Ordering;
use crate::sync::thread;
use crate::sync::time::Instant;
use std::time::Duration;

/// How often a paused reactor thread checks whether it is needed.
const PAUSE_INTERVAL: Duration = Duration::from_millis(1);
/// A poller is busy if it has polled so often since the last check, and twice in each [`PAUSE_INTERVAL`] of that time.
/// A few milliseconds of polls: long enough that one burst of events causes no pause.
const BUSY_POLLS: u64 = 8;
const BUSY_POLL_TIME: Duration = Duration::from_micros(500);

impl Role {
    /// Whether the reactor thread delivers no events at present.
    pub(super) fn is_paused(&self) -> bool {
        self.paused.load(Ordering::Relaxed)
    }

    /// Called after this thread has polled, or could have polled instead of the reactor thread.
    pub(super) fn count_poll(&self) {
        self.polls.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends the pause, if there is one: called when a busy poller may have left `block_on`, and when the role is disabled.
    pub(super) fn end_pause(&self) {
        if self.paused.swap(false, Ordering::SeqCst) {
            unpark_thread();
        }
    }
}

/// What the reactor thread knows about the polls of the pollers.
#[derive(Default)]
pub(in super::super) struct Pause {
    /// `Role::polls` at the last check, and when that was.
    polls: u64,
    checked: Option<Instant>,
}

impl Pause {
    /// Called by the reactor thread before it waits. `woken` is whether an event ended its last wait. While a poller is
    /// busy, parks for up to `PAUSE_INTERVAL`, and ends the pause if no poller has polled meanwhile. True if it parked.
    pub(in super::super) fn park(
        &mut self,
        reactor: &BuiltinReactor,
        woken: bool,
        timeout: Option<Duration>,
    ) -> bool {
        let role = &reactor.role;
        if !Selector::CAN_BE_SHARED || role.is_disabled() {
            // No other thread delivers events.
            return false;
        }
        let polls = role.polls.load(Ordering::Relaxed);
        let pauses = role.is_paused() || woken && self.poller_is_busy(polls, Instant::now);
        if !pauses {
            return false;
        }
        role.paused.store(true, Ordering::SeqCst);
        if role.disabled.load(Ordering::SeqCst) {
            // `disable` may have looked for a pause before this one.
            role.paused.store(false, Ordering::SeqCst);
            return false;
        }
        let before = role.polls.load(Ordering::Relaxed);
        thread::park_timeout(timeout.map_or(PAUSE_INTERVAL, |timeout| timeout.min(PAUSE_INTERVAL)));
        if role.polls.load(Ordering::Relaxed) == before {
            role.paused.store(false, Ordering::SeqCst);
        }
        true
    }

    /// Checks the value of `Role::polls`.
    fn poller_is_busy(&mut self, polls: u64, now: impl FnOnce() -> Instant) -> bool {
        let new = polls.wrapping_sub(self.polls);
        if new < BUSY_POLLS {
            return false;
        }
        let now = now();
        self.polls = polls;
        let checked = self.checked.replace(now);
        let most = BUSY_POLL_TIME.saturating_mul(new.try_into().unwrap_or(u32::MAX));
        checked.is_some_and(|checked| now.duration_since(checked) <= most)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicBool;

    /// Whether `polls` polls are those of a busy poller, if they take place at even distances in `time`.
    fn are_busy(polls: u64, time: Duration) -> bool {
        let (mut pause, start) = (Pause::default(), Instant::now());
        assert!(!pause.poller_is_busy(u64::MAX - 2, || start), "the first check knows no time");
        pause.poller_is_busy((u64::MAX - 2).wrapping_add(polls), || start + time)
    }

    #[test]
    fn a_poller_is_busy_if_it_polls_often_and_more_than_once() {
        assert!(are_busy(BUSY_POLLS, Duration::ZERO));
        assert!(are_busy(BUSY_POLLS, 8 * BUSY_POLL_TIME));
        assert!(are_busy(1000, 1000 * BUSY_POLL_TIME));
        assert!(!are_busy(BUSY_POLLS, 9 * BUSY_POLL_TIME));
        assert!(!are_busy(BUSY_POLLS - 1, Duration::ZERO));
    }

    #[test]
    fn where_no_other_thread_can_poll_there_is_no_pause() {
        if Selector::CAN_BE_SHARED {
            return;
        }
        let (mut pause, reactor) = (Pause::default(), BuiltinReactor::new());
        for _ in 0..100 {
            (0..BUSY_POLLS).for_each(|_| reactor.role.count_poll());
            assert!(!pause.park(&reactor, true, None));
        }
    }

    /// Lets the reactor thread be woken by an event after some polls, until it parks.
    fn park_beside_busy_poller(pause: &mut Pause, reactor: &BuiltinReactor) {
        for _ in 0..1000 {
            (0..BUSY_POLLS).for_each(|_| reactor.role.count_poll());
            if pause.park(reactor, true, None) {
                return;
            }
        }
        panic!("it never parks");
    }

    #[test]
    fn the_pause_lasts_as_long_as_there_are_polls() {
        if !Selector::CAN_BE_SHARED {
            return;
        }
        let (mut pause, reactor, stop) =
            (Pause::default(), BuiltinReactor::new(), AtomicBool::new(false));
        let role = &reactor.role;
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !stop.load(Ordering::Relaxed) {
                    (0..1000).for_each(|_| role.count_poll());
                    thread::yield_now();
                }
            });
            // A pause ends too if the poller gets no CPU for a while.
            while !role.is_paused() {
                pause.park(&reactor, true, None);
            }
            stop.store(true, Ordering::Relaxed);
        });
        assert!(pause.park(&reactor, false, None));
        assert!(!role.is_paused());
        assert!(!pause.park(&reactor, false, None));
    }

    #[test]
    fn without_an_event_for_the_reactor_thread_there_is_no_pause() {
        if !Selector::CAN_BE_SHARED {
            return;
        }
        let (mut pause, reactor) = (Pause::default(), BuiltinReactor::new());
        park_beside_busy_poller(&mut pause, &reactor);
        (0..BUSY_POLLS).for_each(|_| reactor.role.count_poll());
        assert!(!pause.park(&reactor, false, None));
    }

    #[test]
    fn after_the_role_is_disabled_there_is_no_pause() {
        if !Selector::CAN_BE_SHARED {
            return;
        }
        let (mut pause, reactor) = (Pause::default(), BuiltinReactor::new());
        park_beside_busy_poller(&mut pause, &reactor);
        reactor.role.disabled.store(true, Ordering::SeqCst);
        (0..BUSY_POLLS).for_each(|_| reactor.role.count_poll());
        assert!(!pause.park(&reactor, true, None));
        assert!(!reactor.role.is_paused());
    }
}
