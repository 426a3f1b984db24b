//! The reactor thread: when it starts, and what it runs.
//!
//! It is named `dormouse`. It does not run while one thread in `block_on` serves every wait: that thread polls the
//! selector when it has nothing else to do (see [`poller`]). So a program that uses `block_on` alone has a single
//! thread.
//!
//! # Invariants
//! - A waker that is stored for an fd or a timer of the builtin reactor is called when its event occurs. Before it is
//!   stored, [`note_waiter`] starts the reactor thread, unless it is the waker of the `block_on` that the calling thread
//!   is in. Such a waker has to be called only while its thread waits in `block_on`, and that thread
//!   (1) acquires the poller role and polls, or (2) if another thread has the role, starts the reactor thread and parks.
//!   When `block_on` returns, it starts the reactor thread if a clone of its waker is left.
//! - Before a waker outside of `block_on` is stored, the poller role is disabled too, after the thread has started. So
//!   the role is disabled only in a process with a reactor thread.
//! - While the reactor thread does not run, events are delivered only to code that waits. So an operation that is tried
//!   without a wait is tried although no readiness is known ([`has_thread`]).
//! - If the selector cannot be waited for, every wait on an fd ends with an error, and every queue of timers starts again,
//!   with the fallback. [`give_up`]: (1) records the failure, (2) takes the registrations, (3) marks each `ScheduledIo` as
//!   shut down, under the lock of its waiters, and wakes its tasks. A wait: (1) checks for a failure, (2) under that lock,
//!   checks the mark and stores its waker. So the wait sees the failure or the mark, or it is woken. An fd that is
//!   registered during (2) and (3) may lose the mark, but its waits begin later, and see the failure. (The waker of a
//!   queue is stored with its timerfd first; then the queue checks for the failure.)

#[cfg(all(loom, test))]
mod loom_tests;

use super::busy_poll::BusyPoll;
use super::poller::{Forwarding, Pause};
use super::selector::{Events, Selector};
use super::spawn::{spawn, use_processors_of_main_thread};
use super::{BuiltinReactor, Hook, State, dispatch, flush, poller, reactor};
use crate::catch_panic::{catch_panic, wake};
use crate::context::{in_block_on, is_waker_of_block_on};
use crate::reactor::error::cannot;
use crate::sync::atomic::Ordering;
use crate::sync::{lock, thread};
use crate::trace::{self, Resource};
use std::io;
use std::mem;
use std::ptr;
use std::task::Waker;
use std::time::Duration;

/// Called before a task stores a waker for an fd or timer of the builtin reactor. Makes sure that a thread will call it.
///
/// # Errors
/// If the reactor thread is needed, and cannot be started.
#[inline]
pub(crate) fn note_waiter(waker: &Waker) -> io::Result<()> {
    note_waiter_of(reactor(), waker)
}

#[inline]
fn note_waiter_of(reactor: &BuiltinReactor, waker: &Waker) -> io::Result<()> {
    reactor.flush.note_waiter();
    if reactor.role.is_disabled() {
        // The reactor thread runs, and calls all wakers.
        return Ok(());
    }
    if in_block_on() {
        if reactor.has_thread() || is_waker_of_block_on(waker) && Selector::CAN_BE_SHARED {
            return Ok(());
        }
        return start_thread();
    }
    serve_all_by_thread()
}

/// Like [`note_waiter`], for a wait on an fd.
///
/// # Errors
/// Also if the selector does not work.
#[inline]
pub(in crate::reactor) fn note_fd_waiter(waker: &Waker) -> io::Result<()> {
    let reactor = reactor();
    if reactor.failure.get().is_some() {
        check_failure()?;
    }
    note_waiter_of(reactor, waker)?;
    poller::poll_between_waits(reactor);
    Ok(())
}

/// Checks that events can be delivered.
///
/// # Errors
/// If the selector cannot be waited for.
pub(in crate::reactor) fn check_failure() -> io::Result<()> {
    reactor().failure().map_or(Ok(()), Err)
}

/// Starts the reactor thread unless it runs, and disables the poller role: a task outside of `block_on` waits or may wait
/// for the builtin reactor.
#[cold]
pub(crate) fn serve_all_by_thread() -> io::Result<()> {
    start_thread()?;
    poller::disable();
    Ok(())
}

/// Whether the reactor thread runs.
pub(crate) fn has_thread() -> bool {
    reactor().has_thread()
}

/// Starts the reactor thread unless it runs.
pub(super) fn start_thread() -> io::Result<()> {
    let reactor = reactor();
    if reactor.has_thread() { Ok(()) } else { lock(&reactor.state).start_thread() }
}

/// Starts the thread unless it runs, and makes sure that it can watch fds.
pub(crate) fn start() -> io::Result<()> {
    let state = &mut *lock(&reactor().state);
    state.start_thread()?;
    state.start_selector().map(drop)
}

/// Starts the thread unless it runs, and makes it call `hook` before each wait. Disables the poller role, so that it is the
/// thread that waits. A thread that is already in a wait calls the hook after the next [`wake_thread`]. A process has one
/// hook: the first one stays.
pub(crate) fn start_with_hook(hook: Hook) -> io::Result<()> {
    let _ = reactor().hook.set(hook);
    serve_all_by_thread()
}

/// Makes the thread call its hook again. The caller has disabled the poller role, or the poller may consume the signal.
pub(crate) fn wake_thread() {
    lock(&reactor().state).wake_thread();
}

impl State {
    fn start_thread(&mut self) -> io::Result<()> {
        if self.thread.is_none() {
            // Without a selector the thread can still run its hook.
            let _ = self.start_selector();
            let spawned = spawn(run)
                .map_err(|err| cannot("cannot start the reactor's thread \"dormouse\"", &err))
                .inspect_err(|err| trace::failed(Resource::Thread, err))?;
            trace::works(Resource::Thread);
            self.thread = Some(spawned);
            reactor().has_thread.store(true, Ordering::Release);
        }
        Ok(())
    }
}

/// The main function of the reactor thread.
fn run() {
    use_processors_of_main_thread();
    run_despite_panics(serve);
}

/// Calls `serve` again and again; it returns only by a panic. No panic in it is known. If one happens, the events of the
/// last wait are dispatched again, because some of them may not have been delivered. Delivering an event twice is
/// harmless: readiness is a hint. The pause keeps a panic in each turn from using a whole CPU.
pub(super) fn run_despite_panics(serve: impl Fn(&mut Events, &mut Vec<Waker>)) {
    let mut events = Events::new();
    let mut wakers = Vec::new();
    loop {
        catch_panic(|| serve(&mut events, &mut wakers));
        catch_panic(|| dispatch(reactor(), &events, &mut wakers));
        thread::sleep(Duration::from_millis(1));
    }
}

fn serve(events: &mut Events, wakers: &mut Vec<Waker>) {
    let mut failed = FailedWaits::default();
    let mut busy_poll = BusyPoll::new();
    let mut pause = Pause::default();
    let mut forwarding = Forwarding::default();
    let mut woken = false;
    loop {
        let reactor = reactor();
        let turn = flush::Turn::begin(reactor);
        poller::take_deferred_wakers().into_iter().for_each(wake);
        // Last, because a waker may take long, and `timeout` counts from here.
        let timeout = reactor.hook.get().and_then(|hook| hook());
        let Some(selector) = reactor.working_selector() else {
            // Without a selector no event can be pending.
            turn.end();
            match timeout {
                Some(timeout) => thread::park_timeout(timeout),
                None => thread::park(),
            }
            continue;
        };
        let timeout = if turn.is_requested() { Some(Duration::ZERO) } else { timeout };
        // If a waker or the hook has forked, this is the child, which must not take events of its parent.
        if !ptr::eq(reactor, super::reactor())
            || pause.park(reactor, mem::take(&mut woken), timeout)
        {
            continue;
        }
        let waited = busy_poll.wait(selector, events, timeout, reactor.role.is_disabled());
        if failed.count(waited) {
            dispatch(reactor, events, wakers);
            // A waker may have forked: then this is the child.
            forwarding.forward(super::reactor(), events);
            woken = events.iter().next().is_some();
            if !events.is_full() {
                turn.end();
            }
        } else if let Some(err) = failed.last_of_too_many() {
            give_up(err);
        }
    }
}

/// Called when the selector cannot be waited for. Wakes every task that waits for an fd, and every queue of timers.
pub(super) fn give_up(err: io::Error) {
    let reactor = reactor();
    trace::failed(Resource::EpollWait, &err);
    let _ = reactor.failure.set(err);
    let registrations = lock(&reactor.state).registrations.take();
    for io in registrations.into_iter().flatten().map(|(_, io)| io) {
        io.shut_down();
    }
    trace::emit_pending();
}

/// The waits in a row that have failed, for other reasons than a signal. The kernel may be out of memory for a moment.
/// After [`MAX_FAILED_WAITS`](Selector::MAX_FAILED_WAITS), the call is taken to be refused for good, as by a sandbox.
#[derive(Default)]
pub(super) struct FailedWaits {
    count: u32,
    last: Option<io::Error>,
}

impl FailedWaits {
    /// Counts the result of a wait, and returns whether it succeeded. After a failure it pauses for a millisecond.
    pub(super) fn count(&mut self, result: io::Result<()>) -> bool {
        match result {
            Ok(()) => self.count = 0,
            Err(err) if err.kind() == io::ErrorKind::Interrupted => return false,
            Err(err) => {
                self.count += 1;
                self.last = Some(err);
                thread::sleep(Duration::from_millis(1));
            }
        }
        self.count == 0
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.count >= Selector::MAX_FAILED_WAITS
    }

    /// The last error, if there were too many.
    pub(super) fn last_of_too_many(&mut self) -> Option<io::Error> {
        if self.are_too_many() { self.last.take() } else { None }
    }
}
