//! The poller role: a thread that runs a future in `block_on` polls the selector itself, beside the reactor thread, so
//! that its events reach it without a switch to a second thread.
//!
//! One thread at a time has the role, and is called the *poller*. It dispatches every event that its wait returns,
//! whichever task the event is for. The reactor thread does not run if the poller can serve every wait
//! ([`thread`](super::thread)). If the reactor thread runs, it stays blocked in a wait on the same epoll instance. Of
//! the two threads, the kernel wakes the one that began to wait last. So while the poller waits, it gets the events;
//! while it runs its future, the reactor thread gets them, and no event is delayed until the future returns. Without
//! the reactor thread, an event is delivered when the poller waits again ([`between_waits`] has the exception).
//!
//! The poller calls the wakers of all tasks. It may be a worker thread of another executor, inside a task that should
//! not have blocked, and a task that it wakes there may be queued for that very worker. So the role is for programs
//! without another executor. [`disable`] is permanent. It is called when a task outside of `block_on` waits, or may
//! wait, for an fd or a timer of the builtin reactor; when the reactor thread gets deadlines to meet; and by a flush of
//! events.
//!
//! While the poller runs its future, each event wakes the reactor thread. To avoid these wake-ups, the reactor thread
//! [pauses](pause) beside a busy poller. A paused reactor thread sleeps for a millisecond at a time. It resumes its wait after
//! a millisecond in which no poller has polled, when the `block_on` of a poller returns, or when the role is disabled. While
//! the reactor thread is paused and the poller runs its future, an event for another task can be delayed by up to two
//! milliseconds.
//!
//! # Invariants
//! - The reactor thread runs if the role is disabled. A thread that finds the role taken starts it before it parks.
//! - A wake-up of the poller is not lost. `Token::WAKE_POLLER` is signalled only after the poller has set `held`: by
//!   [`Parker::unpark`], which has seen `POLLING`, or by [`disable`]. If the reactor thread consumes the signal, for
//!   example because the poller has not begun its wait yet, it signals again until `held` is false ([`forwarding`]). The
//!   poller clears `held` after its wait.
//! - A wake-up of the reactor thread is not lost, if its caller has disabled the role before. A poller whose wait
//!   consumes `Token::WAKE_THREAD` while the role is disabled signals it again, and does not poll after that.
//! - After [`disable`] has returned, no poller waits for long.
//!   [`try_acquire`]: (1) sets `held`, (2) checks `disabled`.
//!   [`disable`]: (1) sets `disabled`, (2) checks `held`, and if it is set, signals `Token::WAKE_POLLER`.
//!   All are `SeqCst`, so one of the two sees the other: either the role is not acquired, or the poller leaves
//!   its wait.
//! - A poller never calls the waker of a task that waits outside of `block_on`.
//!   The task: (1) calls [`note_waiter`](super::thread::note_waiter), which sets `disabled`, (2) stores its waker
//!   under a lock.
//!   The poller: (1) takes the waker under that lock, (2) checks `disabled` in [`wake_or_defer`].
//!   The lock orders (2) of the task before (1) of the poller. So the poller sees `disabled`, and defers the waker to the
//!   reactor thread.

mod between_waits;
mod forwarding;
mod parker;
mod pause;
#[cfg(all(test, not(loom)))]
mod tests;

pub(super) use between_waits::poll_between_waits;
pub(super) use forwarding::Forwarding;
pub(crate) use parker::Parker;
pub(super) use pause::Pause;

use super::flush::PollerGuard;
use super::selector::{Events, Selector, Token};
use super::thread::{FailedWaits, give_up, start_thread, wake_thread};
use super::{BuiltinReactor, dispatch, reactor};
use crate::catch_panic::wake;
use crate::fork::Process;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::time::Instant;
use crate::sync::{lock, loom_const_fn, thread_local};
use std::cell::Cell;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

/// The state of the role, and of the pause.
pub(super) struct Role {
    /// A thread has the role: it is in its wait, or about to begin it. It clears this before it dispatches.
    held: AtomicBool,
    /// Whether [`disable`] has been called: no thread acquires the role any more. Never cleared.
    disabled: AtomicBool,
    /// Whether the reactor thread is [paused](pause).
    paused: AtomicBool,
    /// Counts the waits from which a poller has returned, and those that it left out because it had been woken already.
    polls: AtomicU64,
}

impl Role {
    loom_const_fn! {
        pub(super) const fn new() -> Role {
            Role {
                held: AtomicBool::new(false),
                disabled: AtomicBool::new(false),
                paused: AtomicBool::new(false),
                polls: AtomicU64::new(0),
            }
        }
    }

    /// Whether the role is disabled. If so, the reactor thread runs.
    #[inline]
    pub(super) fn is_disabled(&self) -> bool {
        self.disabled.load(Ordering::Relaxed)
    }
}

thread_local! {
    /// Whether this thread dispatches events as the poller.
    static IS_POLLER: Cell<bool> = const { Cell::new(false) };
}

/// While the reactor thread does not run, or is paused, a future that wakes itself again and again must not keep events from
/// being delivered. Its thread polls without blocking after this time.
const POLL_INTERVAL: Duration = Duration::from_micros(100);
/// If the time between two readings of the clock is shorter than this, the next `UNTIMED_WAITS` waits do not read it: that
/// would take as long as a short poll of the future. So an event can be delayed by as many polls more.
const SHORT_POLLS: Duration = Duration::from_micros(10);
const UNTIMED_WAITS: u32 = 7;
/// How often a thread tries to acquire the role again, if the reactor thread is needed and cannot be started.
const RETRY_INTERVAL: Duration = Duration::from_millis(1);

/// Waits for one `block_on`: each wait polls the selector if it can acquire the role, and parks the thread otherwise.
pub(crate) struct PollOrPark<'a> {
    parker: &'a Arc<Parker>,
    process: Process,
    /// That of `process`.
    reactor: &'static BuiltinReactor,
    events: Option<Events>,
    wakers: Vec<Waker>,
    failed: FailedWaits,
    /// When this thread last polled because its future had woken itself.
    last_poll: Option<Instant>,
    /// The last reading of the clock after the future had woken itself.
    last_reading: Option<Instant>,
    /// How many waits follow that do not read the clock.
    untimed_waits: u32,
}

impl<'a> PollOrPark<'a> {
    pub(crate) fn new(parker: &'a Arc<Parker>) -> PollOrPark<'a> {
        PollOrPark {
            parker,
            process: Process::current(),
            reactor: reactor(),
            events: None,
            wakers: Vec::new(),
            failed: FailedWaits::default(),
            last_poll: None,
            last_reading: None,
            untimed_waits: 0,
        }
    }

    /// Waits until the parker has been woken. After a fork, the child returns at once: what the future waits for is
    /// registered in the parent, and in the child when the future is polled again.
    pub(crate) fn wait(&mut self) {
        loop {
            // Inside the loop, because a waker that `poll` calls may fork.
            if self.process.forked() {
                (self.process, self.reactor) = (Process::current(), reactor());
                return;
            }
            let reactor = self.reactor;
            let is_woken = self.parker.is_woken();
            if is_woken && !self.must_poll_between() {
                self.parker.end_wait();
                self.count_poll_left_out();
                return;
            }
            let guard = PollerGuard::begin(reactor);
            let acquired =
                if self.failed.are_too_many() { Acquired::Taken } else { try_acquire(reactor) };
            let woken = match acquired {
                Acquired::Yes(selector) => self.poll(selector, is_woken),
                Acquired::Disabled => {
                    guard.end();
                    self.parker.park(None)
                }
                Acquired::Taken => {
                    guard.end();
                    self.parker.park(self.leave_to_thread())
                }
            };
            if woken {
                return;
            }
        }
    }

    /// Polls the selector once, releases the role, and dispatches the events. Called when the role has been acquired.
    /// True if the thread has been woken, by one of these events or by another thread. If it is woken already, it polls only
    /// with `must_poll`, or if it is time.
    fn poll(&mut self, selector: &Selector, must_poll: bool) -> bool {
        let reactor = self.reactor;
        let begun = self.parker.begin_poll();
        if !begun && !must_poll && !self.must_poll_between() {
            reactor.role.held.store(false, Ordering::Release);
            // Woken during each poll of its future, perhaps by the reactor thread: then this thread is busy, too.
            reactor.role.count_poll();
            return true;
        }
        self.untimed_waits = 0;
        between_waits::reset_count();
        let events = self.events.get_or_insert_with(Events::new);
        let found = selector.wait(events, if begun { None } else { Some(Duration::ZERO) });
        // The state is `EMPTY` now, so a wake-up from here on does not signal.
        let woken = self.parker.end_wait() || !begun;
        reactor.role.held.store(false, Ordering::Release);
        reactor.role.count_poll();
        let found = self.failed.count(found).then_some(&*events);
        finish_poll(reactor, found, &mut self.wakers);
        woken | self.parker.end_wait()
    }

    /// Starts the reactor thread. If it cannot start, returns after which time to try again.
    fn leave_to_thread(&mut self) -> Option<Duration> {
        start_thread().is_err().then(|| {
            // No thread of this process can wait for events.
            self.failed.last_of_too_many().into_iter().for_each(give_up);
            RETRY_INTERVAL
        })
    }

    /// Whether to poll between two polls of a future that has been woken already: see [`POLL_INTERVAL`].
    fn must_poll_between(&mut self) -> bool {
        let is_served = self.reactor.has_thread() && !self.reactor.role.is_paused();
        if is_served {
            self.untimed_waits = 0;
            return false;
        }
        if self.untimed_waits > 0 {
            self.untimed_waits -= 1;
            return false;
        }
        let now = Instant::now();
        let within = |last: Option<Instant>, limit| {
            last.is_some_and(|last| now.duration_since(last) < limit)
        };
        if within(self.last_reading.replace(now), SHORT_POLLS) {
            self.untimed_waits = UNTIMED_WAITS;
        }
        if within(self.last_poll, POLL_INTERVAL) {
            return false;
        }
        self.last_poll = Some(now);
        true
    }

    /// Counts a poll that this thread has left out because its future had woken itself, unless the reactor thread or another
    /// poller is to deliver the events. Not after a wait that has not read the clock: if the polls of the future have
    /// become long, the pause of the reactor thread ends.
    fn count_poll_left_out(&self) {
        let role = &self.reactor.role;
        let may_poll = Selector::CAN_BE_SHARED && self.reactor.selector.get().is_some();
        let is_free = may_poll && !role.is_disabled() && !role.held.load(Ordering::Relaxed);
        if is_free && self.untimed_waits == 0 {
            role.count_poll();
        }
    }
}

impl Drop for PollOrPark<'_> {
    /// Called when the future has been dropped. This thread does not poll any more, so the reactor thread resumes if it
    /// is paused, and starts if a clone of the waker of this `block_on` is left: it may be stored for an event.
    fn drop(&mut self) {
        if self.events.is_some() && reactor().role.is_paused() {
            // This thread has polled, and may be the one for which the reactor thread is paused.
            reactor().role.end_pause();
        }
        if Arc::strong_count(self.parker) > 1 && reactor().selector.get().is_some() {
            // If it cannot start, the next wait tries again. Until then no `block_on` waits for that waker.
            let _ = start_thread();
        }
    }
}

/// Called by a poller that has released the role: dispatches the events that its wait has found.
#[inline]
fn finish_poll(reactor: &BuiltinReactor, found: Option<&Events>, wakers: &mut Vec<Waker>) {
    if let Some(events) = found {
        dispatch_as_poller(reactor, events, wakers);
    }
    if reactor.role.disabled.load(Ordering::SeqCst) {
        // The wait may have consumed this signal, which is for the reactor thread.
        signal(Token::WAKE_THREAD);
    }
}

fn dispatch_as_poller(reactor: &BuiltinReactor, events: &Events, wakers: &mut Vec<Waker>) {
    struct Restore(bool);

    impl Drop for Restore {
        fn drop(&mut self) {
            IS_POLLER.with(|is_poller| is_poller.set(self.0));
        }
    }

    let _restore = Restore(IS_POLLER.with(|is_poller| is_poller.replace(true)));
    dispatch(reactor, events, wakers);
}

/// The result of an attempt to acquire the role.
enum Acquired<'a> {
    Yes(&'a Selector),
    /// The reactor thread runs, and serves every wait; or no fd and no timer has been registered yet.
    Disabled,
    /// Another thread has the role, or the selector does not work. This thread needs the reactor thread.
    Taken,
}

fn try_acquire(reactor: &BuiltinReactor) -> Acquired<'_> {
    let role = &reactor.role;
    let Some(selector) = reactor.selector.get() else { return Acquired::Disabled };
    if !Selector::CAN_BE_SHARED || role.disabled.load(Ordering::Relaxed) {
        return Acquired::Disabled;
    }
    if reactor.failure.get().is_some() || role.held.swap(true, Ordering::SeqCst) {
        return Acquired::Taken;
    }
    if role.disabled.load(Ordering::SeqCst) {
        role.held.store(false, Ordering::Release);
        return Acquired::Disabled;
    }
    Acquired::Yes(selector)
}

fn signal(token: Token) {
    if let Some(selector) = reactor().selector.get() {
        selector.signal(token);
    }
}

/// Disables the role. A poller may still dispatch the events of its last wait, but defers the wakers to the reactor
/// thread. All later events are dispatched by that thread. It must run: call `start_thread` first.
#[cold]
pub(crate) fn disable() {
    let role = &reactor().role;
    if role.disabled.swap(true, Ordering::SeqCst) {
        return;
    }
    if role.held.load(Ordering::SeqCst) {
        signal(Token::WAKE_POLLER);
    }
    role.end_pause();
}

/// Calls a waker that was stored for an event or a timer of the builtin reactor. On a poller whose role has been
/// disabled, the reactor thread calls it.
#[inline]
pub(crate) fn wake_or_defer(waker: Waker) {
    if IS_POLLER.try_with(Cell::get).unwrap_or(false) && reactor().role.is_disabled() {
        defer(waker);
    } else {
        wake(waker);
    }
}

#[cold]
fn defer(waker: Waker) {
    if lock(&reactor().state).thread.is_none() {
        // A waker that the poller called has forked: this is the child, which has no reactor thread yet.
        return wake(waker);
    }
    lock(&reactor().deferred_wakers).push(waker);
    // Not only a signal: if the selector does not work, the thread parks.
    wake_thread();
}

/// Takes the wakers that pollers deferred after the role was disabled. A poller that defers another one after this
/// signals `WAKE_THREAD`.
pub(super) fn take_deferred_wakers() -> Vec<Waker> {
    let reactor = reactor();
    if !reactor.role.disabled.load(Ordering::Acquire) {
        return Vec::new();
    }
    std::mem::take(&mut *lock(&reactor.deferred_wakers))
}
