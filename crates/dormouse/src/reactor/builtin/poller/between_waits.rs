//! Polls the selector between two waits of a thread in `block_on`.
//!
//! While the reactor thread does not run, or is paused, events are delivered when the thread of a `block_on` waits. The
//! future may poll a wait on an fd again and again without returning to `block_on`, for example by `futures::poll!` in a
//! loop. It must get its event too. So a thread that polls [`WAITS_BETWEEN_POLLS`] waits in a row polls the selector,
//! without blocking.
//!
//! A future with many children on fds, such as a `FuturesUnordered`, has so many waits in each of its polls. If the
//! reactor thread runs, it pauses beside such a thread: see [`pause`](super::pause).

use super::super::BuiltinReactor;
use super::super::flush::PollerGuard;
use super::super::selector::Events;
use super::{Acquired, finish_poll, try_acquire};
use crate::sync::atomic::Ordering;
use crate::sync::thread_local;
use std::cell::Cell;
use std::time::Duration;

/// Enough that the system call costs little beside so many waits.
const WAITS_BETWEEN_POLLS: u32 = 64;

thread_local! {
    /// How many waits this thread has begun or polled again since it last polled the selector.
    static WAITS: Cell<u32> = const { Cell::new(0) };
}

pub(super) fn reset_count() {
    let _ = WAITS.try_with(|waits| waits.set(0));
}

/// Called before a thread begins a wait on an fd, or polls it again. The caller holds no lock.
#[inline]
pub(in super::super) fn poll_between_waits(reactor: &'static BuiltinReactor) {
    if reactor.role.is_disabled() {
        return;
    }
    let count = |waits: &Cell<u32>| waits.replace(waits.get().saturating_add(1));
    if WAITS.try_with(count).is_ok_and(|before| before >= WAITS_BETWEEN_POLLS) {
        poll_without_blocking(reactor);
    }
}

#[cold]
fn poll_without_blocking(reactor: &'static BuiltinReactor) {
    reset_count();
    if reactor.has_thread() && !reactor.role.is_paused() {
        reactor.role.count_poll();
        return;
    }
    let _guard = PollerGuard::begin(reactor);
    // If another thread has the role, it delivers the events. It may be waiting for a CPU. So this is not counted as a poll,
    // and a pause of the reactor thread ends.
    let Acquired::Yes(selector) = try_acquire(reactor) else { return };
    let mut events = Events::new();
    let found = selector.wait(&mut events, Some(Duration::ZERO));
    reactor.role.held.store(false, Ordering::Release);
    reactor.role.count_poll();
    finish_poll(reactor, found.ok().map(|()| &events), &mut Vec::new());
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::super::selector::Selector;
    use super::*;

    #[test]
    fn beside_a_poller_that_does_not_run_no_thread_keeps_the_reactor_thread_paused() {
        if !Selector::CAN_BE_SHARED {
            return;
        }
        let reactor: &BuiltinReactor = Box::leak(Box::new(BuiltinReactor::new()));
        reactor.selector.get_or_init(|| Selector::new().unwrap());
        let polls = || {
            let before = reactor.role.polls.load(Ordering::Relaxed);
            poll_without_blocking(reactor);
            reactor.role.polls.load(Ordering::Relaxed) - before
        };
        reactor.has_thread.store(true, Ordering::Relaxed);
        assert_eq!(polls(), 1);
        reactor.role.paused.store(true, Ordering::Relaxed);
        assert_eq!(polls(), 1);
        reactor.role.held.store(true, Ordering::Relaxed);
        assert_eq!(polls(), 0);
    }
}
