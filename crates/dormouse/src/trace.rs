//! Events of the crate `tracing`, with the target `dormouse`: sleeps that complete late, moves to another reactor, and
//! fallbacks. `trace/absent.rs` has the same functions without the feature `tracing`.
//!
//! A subscriber is code of the program: it may create, poll and drop timers, or panic. So most events are *recorded*
//! where they happen, perhaps under a lock, and *emitted* later by the same thread, in [`emit_pending`]. That is called
//! at the end of each operation that may have recorded an event, after the wakers.
//!
//! # Invariants
//! - No lock is held when an event is emitted.
//! - A panic of the subscriber does not reach the caller. The wakers of an operation are called before its events are
//!   emitted.
//! - A subscriber that uses this crate does not cause events without end: what happens inside a call of the subscriber
//!   is not reported.

mod event;

pub(crate) use event::Resource;

use crate::catch_panic::catch_panic;
use crate::source::RawSource;
use crate::system_clock::ClockId;
use event::Event;
use std::cell::{Cell, RefCell};
use std::io;
use std::panic::Location;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// A sleep that completes no later than this after its deadline is not reported. Far more than a timer is late on a
/// machine with idle processors, and about the length of a time slice of the kernel's scheduler.
const LATE: Duration = Duration::from_millis(10);

std::thread_local! {
    /// What this thread has recorded and not emitted yet.
    static PENDING: RefCell<Vec<Event>> = const { RefCell::new(Vec::new()) };
    static STATE: Cell<State> = const { Cell::new(State::Idle) };
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Idle,
    /// `PENDING` has events.
    Pending,
    /// The thread calls the subscriber.
    Emitting,
}

/// The resources whose failure has been reported, by bit.
static FAILED: AtomicU32 = AtomicU32::new(0);

/// The place in the program where a sleep or an fd was created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin(Option<&'static Location<'static>>);

impl Origin {
    /// Of a timerfd, and of an fd that an async function has created: such a function cannot be `#[track_caller]`.
    pub(crate) const UNKNOWN: Origin = Origin(None);

    /// The place of the call of the function that calls this, if both are `#[track_caller]`.
    #[track_caller]
    pub(crate) fn caller() -> Origin {
        Origin(Some(Location::caller()))
    }
}

/// A registered sleep has completed, in a poll at `now`. `fires_at` is its deadline, with slack.
///
/// A sleep on the wall clock is not reported: that clock may have been set past the deadline a moment ago.
pub(crate) fn sleep_completed(
    clock: ClockId,
    reactor: &'static str,
    fires_at: u64,
    now: impl FnOnce() -> u64,
    created: Origin,
) {
    if clock == ClockId::Realtime {
        return;
    }
    let lateness = Duration::from_nanos(now().saturating_sub(fires_at));
    if lateness > LATE {
        record(Event::LateSleep { clock, reactor, lateness, created });
        emit_pending();
    }
}

/// A pending sleep is registered with another queue than before.
pub(crate) fn sleep_moved(clock: ClockId, from: &'static str, to: &'static str, created: Origin) {
    record(Event::SleepMoved { clock, from, to, created });
}

/// A queue has collected the timers with these deadlines at `now`.
///
/// Timers on the wall clock are not reported, as sleeps on it are not.
pub(crate) fn timers_fired(
    clock: ClockId,
    reactor: &'static str,
    now: u64,
    deadlines: impl Iterator<Item = u64>,
) {
    if clock == ClockId::Realtime {
        return;
    }
    let (mut timers, mut latest) = (0, Duration::ZERO);
    for deadline in deadlines {
        let lateness = Duration::from_nanos(now.saturating_sub(deadline));
        timers += usize::from(lateness > LATE);
        latest = latest.max(lateness);
    }
    if timers > 0 {
        record(Event::LateTimers { clock, reactor, timers, lateness: latest });
    }
}

/// A queue has lost its reactor, and its timers are to be inserted into other queues.
pub(crate) fn queue_drained(clock: ClockId, reactor: &'static str, timers: usize) {
    if timers > 0 {
        record(Event::QueueDrained { clock, reactor, timers });
    }
}

/// An fd is registered with another reactor than before.
pub(crate) fn fd_moved(
    fd: RawSource,
    from: &'static str,
    to: &'static str,
    why: &'static str,
    created: Origin,
) {
    record(Event::FdMoved { fd, from, to, why, created });
}

/// A resource cannot be created or used, and a fallback takes its place. Reported once, until the resource works. What
/// fails inside a call of the subscriber is reported when it fails again.
#[cold]
pub(crate) fn failed(resource: Resource, err: &io::Error) {
    let bit = resource.bit();
    if !is_emitting() && FAILED.fetch_or(bit, Ordering::Relaxed) & bit == 0 {
        record(Event::Failed(resource, err.to_string()));
    }
}

/// The timerfd of a queue cannot be registered with its reactor. If that reactor has failed itself, it has reported
/// the fault already.
#[cold]
pub(crate) fn timerfd_not_registered(clock: ClockId, reactor: &'static str, err: &io::Error) {
    let timerfd = Resource::Timerfd(clock, reactor);
    if FAILED.load(Ordering::Relaxed) & timerfd.bits_of_reactor() == 0 {
        failed(timerfd, err);
    }
}

/// A resource was used.
#[inline]
pub(crate) fn works(resource: Resource) {
    let bit = resource.bit();
    if FAILED.load(Ordering::Relaxed) & bit != 0
        && !is_emitting()
        && FAILED.fetch_and(!bit, Ordering::Relaxed) & bit != 0
    {
        record(Event::Recovered(resource));
    }
}

/// Whether this thread is inside a call of the subscriber.
fn is_emitting() -> bool {
    state() == State::Emitting
}

/// While the thread-locals are being destroyed, `Idle`: no event can be kept. On some systems the access fails then,
/// although `STATE` has no destructor.
fn state() -> State {
    STATE.try_with(Cell::get).unwrap_or(State::Idle)
}

fn set_state(state: State) {
    let _ = STATE.try_with(|cell| cell.set(state));
}

/// Keeps an event until [`emit_pending`].
#[cold]
fn record(event: Event) {
    if !is_emitting() {
        // It fails while the thread-locals are being destroyed.
        let _ = PENDING.try_with(|pending| pending.borrow_mut().push(event));
        set_state(State::Pending);
    }
}

/// Emits what this thread has recorded. Not to be called with a lock held.
#[inline]
pub(crate) fn emit_pending() {
    if state() == State::Pending {
        emit();
    }
}

#[cold]
fn emit() {
    set_state(State::Emitting);
    let events = PENDING.try_with(RefCell::take).unwrap_or_default();
    for event in events {
        catch_panic(|| event.emit());
    }
    set_state(State::Idle);
}
