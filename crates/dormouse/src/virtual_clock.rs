//! The clocks and timers of a virtual time, and which virtual time the calling code is in.
//!
//! This is the lower half of virtual time: `clock` reads it through [`now_ns`], and a sleep through its [`TimerSlot`]. It
//! knows no future and no reactor. The upper half, `virtual_time`, is the public API, and decides when time advances.
//!
//! The module exists twice. Without the feature `test-util` it is `virtual_clock/absent.rs`, in which no code is ever
//! in virtual time.

mod clocks;
mod current;
mod quiescing;
mod timer;

pub(crate) use clocks::{Clocks, SharedWaker};
pub use current::EnterGuard;
pub(crate) use current::{now_ns, set_quiescing};
pub(crate) use quiescing::QuiescingFlag;
pub(crate) use timer::TimerSlot;

use crate::catch_panic::catch_panic;
use crate::clock::ClockId;
use crate::sync::lock;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

/// What the handles, scopes and timers of one virtual time share.
///
/// # Invariants
/// - A timer that [`step`](Self::step) takes out counts in `busy` until its waker has returned: `step` counts it under the
///   same lock on `clocks` under which it advances to the deadline. The waker of a scoped task counts the task in `busy`
///   before it returns. So between the deadline and the poll of the task, `busy` is never 0.
/// - Wakers are called with no lock held.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) clocks: Mutex<Clocks>,
    /// How many sleeps were created.
    sleeps: AtomicU64,
    /// Changes whenever a sleep is created or completes, and whenever a timer is registered, moved or dropped.
    pub(crate) activity: AtomicU64,
    /// Scoped futures that were created or woken or are being polled; timers that are being fired; jumps in progress.
    pub(crate) busy: AtomicUsize,
    /// The part of `busy` that waits for the rest to quiesce. The rest is called the *others*.
    pub(crate) quiescing: AtomicUsize,
    /// How many of the others have been waited for until the time limit. A wait continues only while there are more.
    pub(crate) timed_out: AtomicUsize,
}

impl Shared {
    pub(crate) fn new() -> Shared {
        Shared {
            clocks: Mutex::new(Clocks::new()),
            sleeps: AtomicU64::new(0),
            activity: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
            quiescing: AtomicUsize::new(0),
            timed_out: AtomicUsize::new(0),
        }
    }

    pub(crate) fn now_ns(&self, clock: ClockId) -> u64 {
        lock(&self.clocks).now_ns(clock)
    }

    /// Counts a new sleep, and returns its number.
    fn count_sleep(&self) -> u64 {
        self.note_activity();
        self.sleeps.fetch_add(1, Ordering::Relaxed)
    }

    fn note_activity(&self) {
        self.activity.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn add_busy(&self) {
        self.busy.fetch_add(1, Ordering::SeqCst);
    }

    pub(crate) fn remove_busy(&self) {
        let busy = self.busy.fetch_sub(1, Ordering::SeqCst) - 1;
        // Lowers `timed_out` to the number of others. So a future that becomes busy after this is waited for, even if
        // the one that is subtracted here had timed out.
        let others = busy.saturating_sub(self.quiescing.load(Ordering::SeqCst));
        self.timed_out.fetch_min(others, Ordering::SeqCst);
    }

    /// Advances to the next deadline, but by no more than `left_ns`, from which it subtracts the time advanced. If it
    /// reaches the deadline, it returns the waker of that timer: pass it to [`fire`](Self::fire).
    pub(crate) fn step(&self, clocks: &mut Clocks, left_ns: &mut u64) -> Option<SharedWaker> {
        let (moved_ns, due) = clocks.step(*left_ns);
        *left_ns -= moved_ns;
        self.count_due(due)
    }

    /// Advances to the next deadline, if there is one: as [`step`](Self::step), without a limit.
    pub(crate) fn step_to_deadline(&self, clocks: &mut Clocks) -> Option<SharedWaker> {
        self.count_due(clocks.step_to_deadline())
    }

    /// Counts a timer that was taken out in `busy`, until [`fire`](Self::fire) subtracts it.
    fn count_due(&self, due: Option<SharedWaker>) -> Option<SharedWaker> {
        if due.is_some() {
            self.add_busy();
        }
        due
    }

    /// Calls the waker of a timer that a step has returned.
    pub(crate) fn fire(&self, due: SharedWaker) {
        wake(due);
        self.remove_busy();
    }

    /// Jumps clocks. Then calls the wakers of the timers that are due, and after these the wakers of all other sleeps on
    /// the wall clock: the kernel, too, cancels the timers of that clock when it is set and when the machine resumes.
    pub(crate) fn jump_clock<R>(&self, jump: impl FnOnce(&mut Clocks) -> R) -> R {
        let mut clocks = lock(&self.clocks);
        let jumped = jump(&mut clocks);
        // Under the lock, as in `step`.
        self.add_busy();
        drop(clocks);
        loop {
            let due = lock(&self.clocks).take_due();
            let Some(due) = due else { break };
            wake(due);
        }
        let wall_clock = lock(&self.clocks).wakers(ClockId::Realtime);
        wall_clock.into_iter().for_each(wake);
        self.remove_busy();
        jumped
    }
}

/// Calls a waker, and drops it.
fn wake(waker: SharedWaker) {
    catch_panic(move || {
        waker.wake_by_ref();
        drop(waker);
    });
}
