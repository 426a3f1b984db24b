//! Forwards the signal of the poller, after a wait of the reactor thread has consumed it.
//!
//! The poller may not have begun its wait yet, or it may still be waiting for a CPU. Then the next wait of the reactor
//! thread consumes the signal again. So after [`MAX_YIELDS`] times in a row the thread sleeps each time, for longer and
//! longer. Otherwise it would use a whole CPU until the poller runs, which takes long on a busy machine.

use super::super::BuiltinReactor;
use super::super::selector::{Events, Token};
use crate::sync::atomic::Ordering;
use crate::sync::thread;
use std::time::Duration;

/// So many yields take about as long as an idle CPU takes to wake up.
const MAX_YIELDS: u32 = 16;
/// The first sleep. Each of the next [`MAX_DOUBLINGS`] is twice as long. An event that occurs meanwhile is delivered by the
/// poller, or after the sleep.
const SLEEP: Duration = Duration::from_micros(50);
const MAX_DOUBLINGS: u32 = 4;

#[derive(Default)]
pub(in super::super) struct Forwarding {
    /// How many waits in a row have consumed the signal.
    in_a_row: u32,
}

impl Forwarding {
    /// Called after a wait of the reactor thread that has returned `events`.
    pub(in super::super) fn forward(&mut self, reactor: &BuiltinReactor, events: &Events) {
        let is_consumed = events.iter().any(|(token, _)| token == Token::WAKE_POLLER);
        if !is_consumed || !reactor.role.held.load(Ordering::Acquire) {
            self.in_a_row = 0;
            return;
        }
        if let Some(selector) = reactor.selector.get() {
            selector.signal(Token::WAKE_POLLER);
        }
        match self.in_a_row.checked_sub(MAX_YIELDS) {
            None => thread::yield_now(),
            Some(sleeps) => thread::sleep(SLEEP * (1 << sleeps.min(MAX_DOUBLINGS))),
        }
        self.in_a_row = self.in_a_row.saturating_add(1);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::super::selector::Selector;
    use super::*;
    use std::time::Instant;

    #[test]
    fn while_the_poller_waits_for_a_cpu_the_reactor_thread_mostly_sleeps() {
        if !Selector::CAN_BE_SHARED {
            return;
        }
        let reactor = BuiltinReactor::new();
        let selector = reactor.selector.get_or_init(|| Selector::new().unwrap());
        let (mut events, mut forwarding) = (Events::new(), Forwarding::default());
        // The poller has been woken, and does not run.
        reactor.role.held.store(true, Ordering::SeqCst);
        selector.signal(Token::WAKE_POLLER);
        let start = Instant::now();
        let mut waits = 0;
        while start.elapsed() < Duration::from_millis(50) {
            selector.wait(&mut events, Some(Duration::from_secs(1))).unwrap();
            assert_eq!(events.iter().count(), 1, "the signal is lost");
            forwarding.forward(&reactor, &events);
            waits += 1;
        }
        let longest = SLEEP * (1 << MAX_DOUBLINGS);
        let sleeps = f64::from(MAX_DOUBLINGS) + start.elapsed().div_duration_f64(longest);
        assert!(f64::from(waits) <= f64::from(MAX_YIELDS) + sleeps + 1.0, "{waits} waits");

        reactor.role.held.store(false, Ordering::SeqCst);
        selector.wait(&mut events, Some(Duration::from_secs(1))).unwrap();
        forwarding.forward(&reactor, &events);
        assert_eq!(forwarding.in_a_row, 0);
        selector.wait(&mut events, Some(Duration::ZERO)).unwrap();
        assert_eq!(events.iter().count(), 0, "it is signalled although there is no poller");
    }
}
