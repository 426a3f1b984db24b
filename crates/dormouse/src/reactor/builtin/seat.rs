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
use crate::reactor::source::Source;
use crate::sync::atomic::{AtomicBool, AtomicU8, AtomicU64, Ordering};
use crate::sync::thread::{self, Thread};
use crate::sync::{Mutex, lock, planted, statics};
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

statics! {
    /// A thread waits in the seat, or is about to.
    static TAKEN: AtomicBool = AtomicBool::new(false);
    /// Nobody may have it: others wait too, or there are deadlines to look after.
    static CLOSED: AtomicBool = AtomicBool::new(false);
    /// Whether the reactor's thread stands aside.
    static ASIDE: AtomicU8 = AtomicU8::new(NO);
    /// Events that were found in the seat when it was closed.
    static LEFT: Mutex<Vec<(Arc<Source>, Ready)>> = Mutex::new(Vec::new());
    /// How often a thread in the seat has come back from its wait.
    static ROUNDS: AtomicU64 = AtomicU64::new(0);
}

const NO: u8 = 0;
const ASKED: u8 = 1;
const YES: u8 = 2;

/// How often the reactor's thread looks whether it is needed while it stands aside.
const LOOK_EVERY: Duration = Duration::from_millis(1);
/// So many rounds in so much time, and the reactor's thread had better stand aside: two for each time
/// that it looks.
const BUSY_ROUNDS: u32 = 64;
const BUSY_TIME: Duration = Duration::from_millis(32);
/// How long to wait for it to do so: it has to be woken first.
const PATIENCE: Duration = Duration::from_micros(100);

/// What a thread that runs a future is doing, and whether it has been woken.
#[derive(Debug)]
pub(crate) struct State(AtomicU8);

const RUNNING: u8 = 0;
const WOKEN: u8 = 1;
const PARKED: u8 = 2;
const SEATED: u8 = 3;

impl State {
    pub(crate) fn new() -> State {
        State(AtomicU8::new(RUNNING))
    }

    /// Wakes the thread, wherever it waits.
    pub(crate) fn wake(&self, thread: &Thread) {
        match self.0.swap(WOKEN, Ordering::AcqRel) {
            PARKED => thread.unpark(),
            SEATED => signal(Token::SEAT),
            _ => {}
        }
    }

    /// Announces a wait. False if the thread has been woken already.
    fn begin(&self, wait: u8) -> bool {
        let begun = self.0.compare_exchange(RUNNING, wait, Ordering::AcqRel, Ordering::Acquire);
        if begun.is_err() {
            self.end();
            return planted("seat: a wait begins after the wake-up");
        }
        true
    }

    /// Ends a wait, and says whether the thread has been woken.
    fn end(&self) -> bool {
        self.0.swap(RUNNING, Ordering::AcqRel) == WOKEN
    }
}

/// A thread's claim to the seat, for the time of one `block_on`.
pub(crate) struct Seat {
    events: Option<Events>,
    ready: Vec<(Arc<Source>, Ready)>,
    rounds: u32,
    since: Option<Instant>,
}

impl Seat {
    pub(crate) const fn new() -> Seat {
        Seat { events: None, ready: Vec::new(), rounds: 0, since: None }
    }

    /// Waits until `state` says that this thread has been woken.
    pub(crate) fn wait(&mut self, state: &State) {
        loop {
            let seated = {
                #[cfg(feature = "test-util")]
                let _sitting = super::barrier::Sitting::begin();
                take().then(|| self.wait_seated(state))
            };
            if seated.unwrap_or_else(|| wait_parked(state)) {
                return;
            }
        }
    }

    /// One round, having taken the seat. True if the thread has been woken, by one of the events that it had
    /// to hand on or otherwise.
    fn wait_seated(&mut self, state: &State) -> bool {
        let events = self.events.get_or_insert_with(Events::new);
        let found = match shared().selector.get() {
            Some(selector) if state.begin(SEATED) => selector.wait(events, None),
            _ => {
                TAKEN.store(false, Ordering::Release);
                return true;
            }
        };
        // From here on a wake-up needs no signal.
        let woken = state.end();
        TAKEN.store(false, Ordering::Release);
        ROUNDS.fetch_add(1, Ordering::Relaxed);
        match found {
            Ok(()) if CLOSED.load(Ordering::SeqCst) => {
                collect(events, &mut lock(&LEFT));
                if !planted("seat: what is left there nobody is told of") {
                    signal(Token::THREAD);
                }
            }
            Ok(()) if woken && planted("seat: who is woken drops events") => {}
            Ok(()) => dispatch(events, &mut self.ready),
            Err(err) if err.kind() == io::ErrorKind::Interrupted => {}
            // Out of kernel memory for a moment.
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
        self.count_round();
        (woken && !planted("seat: events make a wake-up forgotten")) | state.end()
    }

    fn count_round(&mut self) {
        self.rounds += 1;
        if self.rounds < BUSY_ROUNDS {
            return;
        }
        self.rounds = 0;
        let now = Instant::now();
        let before = self.since.replace(now);
        let busy = before.is_some_and(|before| now - before < BUSY_TIME);
        if !busy || !exchange_aside(NO, ASKED) {
            return;
        }
        signal(Token::THREAD);
        // Whoever waits first takes the signal out: let that be the reactor's thread.
        while ASIDE.load(Ordering::Acquire) == ASKED {
            if now.elapsed() > PATIENCE {
                exchange_aside(ASKED, NO);
                return;
            }
            thread::yield_now();
        }
    }
}

impl Drop for Seat {
    /// Others need the reactor's thread again.
    fn drop(&mut self) {
        if self.since.is_some() && exchange_aside(YES, NO) {
            super::unpark_thread();
        }
    }
}

fn exchange_aside(from: u8, to: u8) -> bool {
    ASIDE.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire).is_ok()
}

fn take() -> bool {
    let can = cfg!(any(target_os = "linux", target_os = "android"))
        && shared().selector.get().is_some()
        && !CLOSED.load(Ordering::Relaxed)
        && !TAKEN.swap(true, Ordering::SeqCst);
    if can && CLOSED.load(Ordering::SeqCst) {
        TAKEN.store(false, Ordering::Release);
        return false;
    }
    can
}

fn wait_parked(state: &State) -> bool {
    if state.begin(PARKED) {
        // May return for no reason, or for somebody else's `unpark`.
        thread::park();
        return state.end();
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
pub(crate) fn admit() {
    #[cfg(feature = "test-util")]
    super::barrier::note_wait();
    if !CLOSED.load(Ordering::Relaxed) && !crate::context::in_block_on() {
        close();
    }
}

/// From here on the reactor's thread alone deals with events.
#[cold]
pub(crate) fn close() {
    if !CLOSED.swap(true, Ordering::SeqCst) && TAKEN.load(Ordering::SeqCst) {
        signal(Token::SEAT);
    }
}

/// What was left to the reactor's thread.
pub(super) fn left() -> Vec<(Arc<Source>, Ready)> {
    if !CLOSED.load(Ordering::Acquire) {
        return Vec::new();
    }
    // Whoever has the lock signals when he has let it go; or is not in this process.
    LEFT.try_lock().map(|mut left| std::mem::take(&mut *left)).unwrap_or_default()
}

/// In the child of a fork: whoever sat is not here.
pub(super) fn begin_anew() {
    TAKEN.store(false, Ordering::SeqCst);
    CLOSED.store(true, Ordering::SeqCst);
    ASIDE.store(NO, Ordering::SeqCst);
    std::mem::forget(left());
}

/// What the reactor's thread does with a signal that it has taken out.
pub(super) fn pass_on(token: Token) {
    let other = token == Token::SEAT && !planted("seat: a signal is kept");
    if other && TAKEN.load(Ordering::Acquire) {
        signal(Token::SEAT);
        thread::yield_now();
    }
}

/// Lets the reactor's thread stand aside for a moment, if it was asked to.
pub(super) fn stand_aside(timeout: Option<Duration>) -> bool {
    exchange_aside(ASKED, YES);
    if ASIDE.load(Ordering::Acquire) != YES {
        return false;
    }
    let before = ROUNDS.load(Ordering::Relaxed);
    thread::park_timeout(timeout.map_or(LOOK_EVERY, |timeout| timeout.min(LOOK_EVERY)));
    if ROUNDS.load(Ordering::Relaxed) == before {
        exchange_aside(YES, NO);
    }
    true
}
