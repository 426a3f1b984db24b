//! The seat: a thread that runs a future of its own, in `block_on`, waits for events beside the reactor's
//! thread, so that what it waits for comes to it without a second thread in between.
//!
//! One thread at a time has the seat. It hands every event that it takes out to its source, whomever that
//! concerns. The reactor's thread stays where it is, in the same wait: the kernel wakes one of the two, the one
//! that began to wait last. So while the thread in the seat waits, the events are its; while it runs its future,
//! they go to the reactor's thread at once. Nothing has to be handed over, and nobody depends on how long
//! the future runs.
//!
//! Everybody's wakers are called on the thread in the seat. That may be a worker of another executor, inside a
//! task that should not have blocked; and a task that it wakes there may be queued for that very worker. So the
//! seat is for programs that have no other executor: it is closed for good when somebody who is not in
//! `block_on` waits for something that the builtin reactor watches.
//!
//! A thread in the seat that has events to deal with all the time would wake the reactor's thread for each
//! that comes while it is not waiting. So it asks it to stand aside: the reactor's thread then looks every
//! millisecond whether events are still being fetched, and goes back to its wait if they are not. So an event
//! may find nobody for up to two milliseconds, if the future is busy just then and the event is another's.
//!
//! # Invariants
//! - A thread in the seat is woken by `Token::SEAT`, signalled only after it has announced its wait
//!   (`SEATED`). Should the reactor's thread take that signal out, because the other has announced its wait but
//!   not yet begun it, it signals again, until the other has left its wait (`TAKEN`).
//! - `Token::THREAD` is for the reactor's thread. A thread in the seat that takes it out signals again if the seat
//!   is closed: then it will not wait there again.
//! - Once `close` has returned, no event is dealt with in the seat. Of `take`, which sets `TAKEN` and then looks at
//!   `CLOSED`, and `close`, which does the opposite, one sees the other. Whoever sits by then is signalled to leave,
//!   and leaves to the reactor's thread what it finds.

use super::selector::{Events, Token};
use super::{collect, dispatch, shared};
use crate::reactor::Ready;
use crate::reactor::scheduled_io::ScheduledIo;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, lock, loom_static};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

loom_static! {
    /// A thread waits in the seat, or is about to.
    static HELD: AtomicBool = AtomicBool::new(false);
    /// Nobody may have it: others wait too, or there are deadlines to look after.
    static DISABLED: AtomicBool = AtomicBool::new(false);
    /// Whether the reactor's thread stands aside.
    static PAUSE: AtomicU8 = AtomicU8::new(PAUSE_NONE);
    /// Events that were found in the seat when it was closed.
    static DEFERRED_EVENTS: Mutex<Vec<(Arc<ScheduledIo>, Ready)>> = Mutex::new(Vec::new());
    /// How often a thread in the seat has come back from its wait.
    static POLLS: AtomicU64 = AtomicU64::new(0);
}

const PAUSE_NONE: u8 = 0;
const PAUSE_REQUESTED: u8 = 1;
const PAUSED: u8 = 2;

/// How often the reactor's thread looks whether it is needed while it stands aside.
const PAUSE_INTERVAL: Duration = Duration::from_millis(1);
/// So many rounds in so much time, and the reactor's thread had better stand aside: two for each time
/// that it looks.
const BUSY_POLLS: u32 = 64;
const BUSY_TIME: Duration = Duration::from_millis(32);
/// How long to wait for it to do so: it has to be woken first.
const PAUSE_TIMEOUT: Duration = Duration::from_micros(100);

/// What a thread that runs a future is doing, and whether it has been woken.
#[derive(Debug)]
pub(crate) struct Parker(AtomicU8);

const EMPTY: u8 = 0;
const NOTIFIED: u8 = 1;
const PARKED: u8 = 2;
const POLLING: u8 = 3;

impl Parker {
    pub(crate) fn new() -> Parker {
        Parker(AtomicU8::new(EMPTY))
    }

    /// Wakes the thread, wherever it waits.
    pub(crate) fn notify(&self, thread: &Thread) {
        match self.0.swap(NOTIFIED, Ordering::AcqRel) {
            PARKED => thread.unpark(),
            POLLING => signal(Token::WAKE_POLLER),
            _ => {}
        }
    }

    /// Announces a wait. False if the thread has been woken already.
    fn begin_wait(&self, wait: u8) -> bool {
        let begun = self.0.compare_exchange(EMPTY, wait, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_err() {
            self.end_wait();
            return false;
        }
        true
    }

    /// Ends a wait, and says whether the thread has been woken.
    fn end_wait(&self) -> bool {
        self.0.swap(EMPTY, Ordering::AcqRel) == NOTIFIED
    }
}

/// A thread's claim to the seat, for the time of one `block_on`.
pub(crate) struct PollerRole {
    events: Option<Events>,
    ready: Vec<(Arc<ScheduledIo>, Ready)>,
    polls: u32,
    since: Option<Instant>,
}

impl PollerRole {
    pub(crate) const fn new() -> PollerRole {
        PollerRole { events: None, ready: Vec::new(), polls: 0, since: None }
    }

    /// Waits until `state` says that this thread has been woken.
    pub(crate) fn wait(&mut self, parker: &Parker) {
        loop {
            let seated = {
                #[cfg(feature = "test-util")]
                let _sitting = super::barrier::PollerGuard::begin();
                try_acquire().then(|| self.wait_polling(parker))
            };
            if seated.unwrap_or_else(|| wait_parked(parker)) {
                return;
            }
        }
    }

    /// One round, having taken the seat. True if the thread has been woken, by one of the events that it had
    /// to hand on or otherwise.
    fn wait_polling(&mut self, parker: &Parker) -> bool {
        let events = self.events.get_or_insert_with(Events::new);
        let found = match shared().selector.get() {
            Some(selector) if parker.begin_wait(POLLING) => selector.wait(events, None),
            _ => {
                HELD.store(false, Ordering::Release);
                return true;
            }
        };
        // From here on a wake-up needs no signal.
        let woken = parker.end_wait();
        HELD.store(false, Ordering::Release);
        POLLS.fetch_add(1, Ordering::Relaxed);
        match found {
            Ok(()) if DISABLED.load(Ordering::SeqCst) => {
                collect(events, &mut lock(&DEFERRED_EVENTS));
                signal(Token::WAKE_THREAD);
            }
            Ok(()) => dispatch(events, &mut self.ready),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            // Out of kernel memory for a moment.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
        self.count_poll();
        woken | parker.end_wait()
    }

    fn count_poll(&mut self) {
        self.polls += 1;
        if self.polls < BUSY_POLLS {
            return;
        }
        self.polls = 0;
        let now = Instant::now();
        let before = self.since.replace(now);
        let busy = before.is_some_and(|before| now - before < BUSY_TIME);
        if !busy || !exchange_pause(PAUSE_NONE, PAUSE_REQUESTED) {
            return;
        }
        signal(Token::WAKE_THREAD);
        // Whoever waits first takes the signal out: let that be the reactor's thread.
        while PAUSE.load(Ordering::Acquire) == PAUSE_REQUESTED {
            if now.elapsed() > PAUSE_TIMEOUT {
                exchange_pause(PAUSE_REQUESTED, PAUSE_NONE);
                return;
            }
            thread::yield_now();
        }
    }
}

impl Drop for PollerRole {
    /// Others need the reactor's thread again.
    fn drop(&mut self) {
        if self.since.is_some() && exchange_pause(PAUSED, PAUSE_NONE) {
            super::unpark_thread();
        }
    }
}

fn exchange_pause(from: u8, to: u8) -> bool {
    PAUSE.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

fn try_acquire() -> bool {
    let can = cfg!(any(target_os = "linux", target_os = "android"))
        && shared().selector.get().is_some()
        && !DISABLED.load(Ordering::Relaxed)
        && !HELD.swap(true, Ordering::SeqCst);
    if can && DISABLED.load(Ordering::SeqCst) {
        HELD.store(false, Ordering::Release);
        return false;
    }
    can
}

fn wait_parked(parker: &Parker) -> bool {
    if parker.begin_wait(PARKED) {
        // May return for no reason, or for somebody else's `unpark`.
        thread::park();
        return parker.end_wait();
    }
    true
}

fn signal(token: Token) {
    if let Some(selector) = shared().selector.get() {
        selector.signal(token);
    }
}

/// Somebody is about to wait for what the builtin reactor watches.
#[inline]
pub(crate) fn note_external_waiter() {
    #[cfg(feature = "test-util")]
    super::barrier::note_waiter();
    if !DISABLED.load(Ordering::Relaxed) && !crate::context::in_block_on() {
        disable();
    }
}

/// From here on the reactor's thread alone deals with events.
#[cold]
pub(crate) fn disable() {
    if !DISABLED.swap(true, Ordering::SeqCst) && HELD.load(Ordering::SeqCst) {
        signal(Token::WAKE_POLLER);
    }
}

/// What was left to the reactor's thread.
pub(super) fn take_deferred_events() -> Vec<(Arc<ScheduledIo>, Ready)> {
    if !DISABLED.load(Ordering::Acquire) {
        return Vec::new();
    }
    // Whoever has the lock signals when he has let it go; or is not in this process.
    DEFERRED_EVENTS.try_lock().map(|mut left| std::mem::take(&mut *left)).unwrap_or_default()
}

/// In the child of a fork: whoever sat is not here.
pub(super) fn reset_after_fork() {
    HELD.store(false, Ordering::SeqCst);
    DISABLED.store(true, Ordering::SeqCst);
    PAUSE.store(PAUSE_NONE, Ordering::SeqCst);
    std::mem::forget(take_deferred_events());
}

/// What the reactor's thread does with a signal that it has taken out.
pub(super) fn forward_wakeup(token: Token) {
    if token == Token::WAKE_POLLER && HELD.load(Ordering::Acquire) {
        signal(Token::WAKE_POLLER);
        thread::yield_now();
    }
}

/// Lets the reactor's thread stand aside for a moment, if it was asked to.
pub(super) fn pause_reactor_thread(timeout: Option<Duration>) -> bool {
    exchange_pause(PAUSE_REQUESTED, PAUSED);
    if PAUSE.load(Ordering::Acquire) != PAUSED {
        return false;
    }
    let before = POLLS.load(Ordering::Relaxed);
    thread::park_timeout(timeout.map_or(PAUSE_INTERVAL, |timeout| timeout.min(PAUSE_INTERVAL)));
    if POLLS.load(Ordering::Relaxed) == before {
        exchange_pause(PAUSED, PAUSE_NONE);
    }
    true
}
