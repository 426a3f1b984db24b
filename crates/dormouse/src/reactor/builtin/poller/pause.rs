//! The pause of the reactor thread beside a busy poller.
//!
//! While a thread in `block_on` polls its future, each event wakes the reactor thread, which takes it, and wakes the future
//! again: two threads then do the work of one, and hand each event from one to the other. So a thread that polls often,
//! or could, pauses the reactor thread.

use super::super::unpark_thread;
use super::{BuiltinReactor, Role, Token, reactor, signal};
use crate::sync::atomic::Ordering;
use crate::sync::time::Instant;
use crate::sync::{thread, thread_local};
use std::cell::Cell;
use std::time::Duration;

/// Values of `Role::pause`.
pub(super) const RUNNING: u8 = 0;
const PAUSE_REQUESTED: u8 = 1;
const PAUSED: u8 = 2;

/// How often a paused reactor thread checks whether it is needed.
const PAUSE_INTERVAL: Duration = Duration::from_millis(1);
/// A thread that polls this often within [`BUSY_TIME`] pauses the reactor thread. That is two polls in each
/// [`PAUSE_INTERVAL`].
const BUSY_POLLS: u32 = 64;
const BUSY_TIME: Duration = Duration::from_millis(32);
/// How long a thread waits for the pause to begin, for which the reactor thread has to wake up.
const PAUSE_TIMEOUT: Duration = Duration::from_micros(100);

thread_local! {
    static COUNT: Cell<Count> = const { Cell::new(Count { polls: 0, last: None }) };
}

/// The polls of a thread.
#[derive(Clone, Copy)]
struct Count {
    /// Since they last were [`BUSY_POLLS`].
    polls: u32,
    /// When that was.
    last: Option<Instant>,
}

impl Role {
    /// Whether the reactor thread delivers no events at present.
    pub(super) fn is_paused(&self) -> bool {
        self.pause.load(Ordering::Relaxed) == PAUSED
    }

    fn exchange_pause(&self, from: u8, to: u8) -> bool {
        self.pause.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
    }
}

/// Called after this thread has polled, or could have polled instead of the reactor thread. Pauses the reactor thread if
/// this thread is busy.
pub(super) fn count_poll(reactor: &BuiltinReactor) {
    // A thread whose thread-locals are being destroyed does not poll for long.
    let Ok(Count { polls, last }) = COUNT.try_with(Cell::get) else { return };
    if polls + 1 < BUSY_POLLS {
        return set(Count { polls: polls + 1, last });
    }
    let now = Instant::now();
    set(Count { polls: 0, last: Some(now) });
    let busy = last.is_some_and(|last| now.duration_since(last) < BUSY_TIME);
    if !busy || !reactor.has_thread() || !reactor.role.exchange_pause(RUNNING, PAUSE_REQUESTED) {
        return;
    }
    signal(Token::WAKE_THREAD);
    // If this thread polls again before the reactor thread has woken up, it consumes the signal itself. So let the
    // reactor thread run first.
    while reactor.role.pause.load(Ordering::Acquire) == PAUSE_REQUESTED {
        if now.elapsed() > PAUSE_TIMEOUT {
            reactor.role.exchange_pause(PAUSE_REQUESTED, RUNNING);
            return;
        }
        thread::yield_now();
    }
}

fn set(count: Count) {
    let _ = COUNT.try_with(|cell| cell.set(count));
}

/// Called when this thread leaves `block_on`, and does not poll any more.
pub(super) fn end() {
    let last = COUNT.try_with(Cell::get).ok().and_then(|count| count.last);
    set(Count { polls: 0, last: None });
    // Without that time, this thread has not requested a pause.
    if last.is_some() && reactor().role.exchange_pause(PAUSED, RUNNING) {
        unpark_thread();
    }
}

/// Called by the reactor thread before it waits. If a poller has requested a pause, parks for up to `PAUSE_INTERVAL`,
/// and ends the pause if no poller has polled meanwhile. True if it parked.
pub(in super::super) fn park_if_paused(timeout: Option<Duration>) -> bool {
    let role = &reactor().role;
    role.exchange_pause(PAUSE_REQUESTED, PAUSED);
    if role.pause.load(Ordering::Acquire) != PAUSED {
        return false;
    }
    let before = role.polls.load(Ordering::Relaxed);
    thread::park_timeout(timeout.map_or(PAUSE_INTERVAL, |timeout| timeout.min(PAUSE_INTERVAL)));
    if role.polls.load(Ordering::Relaxed) == before {
        role.exchange_pause(PAUSED, RUNNING);
    }
    true
}
