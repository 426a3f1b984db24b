//! The clocks and timers of a virtual time, and which virtual time the calling code is in; and the clock of tokio, where
//! that is paused.
//!
//! This is the lower half of virtual time: `Clock::now` reads it through [`now_ns`], and a sleep through its [`TimerSlot`]. It
//! knows no future and no reactor. The upper half, `virtual_time`, is the public API, and decides when time advances.
//!
//! The module exists twice. Without the feature `test-util` it is `virtual_clock/absent.rs`, in which no code is ever
//! in virtual time.

mod busy;
#[cfg(any(feature = "dns", all(feature = "process", windows)))]
mod busy_guard;
mod clocks;
mod current;
#[cfg(any(feature = "dns", all(feature = "process", windows)))]
#[cfg_attr(
    any(not(feature = "tokio"), target_family = "wasm", loom),
    path = "virtual_clock/hold/absent.rs"
)]
mod hold;
#[cfg_attr(
    any(not(feature = "tokio"), target_family = "wasm", all(loom, test)),
    path = "virtual_clock/paused/absent.rs"
)]
mod paused;
mod recheck;
mod retrying;
mod slot;
mod timer;

pub(crate) use busy::{Busy, BusyToken};
#[cfg(any(feature = "dns", all(feature = "process", windows)))]
pub(crate) use busy_guard::BusyGuard;
pub(crate) use clocks::Clocks;
pub use current::EnterGuard;
#[cfg(feature = "task")]
pub(crate) use current::current;
pub(crate) use current::scoped_polls;
pub(crate) use recheck::Recheck;
pub(crate) use retrying::Retrying;
pub(crate) use slot::TimerSlot;

use crate::catch_panic::catch_panic;
use crate::sync::lock;
use crate::system_clock::ClockId;
use clocks::SharedWaker;
use std::sync::Mutex;
use std::time::Duration;

/// What `clock` shows in the virtual time that the caller is in, or else in a tokio runtime whose clock is paused. `None` in
/// real time.
#[inline]
pub(crate) fn now_ns(clock: ClockId) -> Option<u64> {
    current::now_ns(clock).or_else(|| paused::now_ns(clock))
}

/// What the handles, scopes and timers of one virtual time share.
///
/// # Invariants
/// - A timer that [`step`](Self::step) takes out is busy until its waker has returned: `step` counts it under the same
///   lock on `clocks` under which it advances to the deadline. The waker of a scoped task counts the task as busy before it
///   returns. So between the deadline and the poll of the task, something is always busy.
/// - Wakers are called with no lock held.
#[derive(Debug)]
pub(crate) struct Shared {
    /// How long `block_on` waits for events before each jump, in real time.
    pub(crate) grace: Duration,
    pub(crate) clocks: Mutex<Clocks>,
}

/// A timer that a step has taken out: pass it to [`Shared::fire`].
pub(crate) struct Due {
    waker: SharedWaker,
    token: BusyToken,
}

impl Due {
    fn new(clocks: &mut Clocks, waker: SharedWaker) -> Due {
        clocks.busy.note_activity();
        Due { waker, token: clocks.busy.begin() }
    }
}

impl Shared {
    pub(crate) fn new(grace: Duration) -> Shared {
        Shared { grace, clocks: Mutex::new(Clocks::new()) }
    }

    pub(crate) fn now_ns(&self, clock: ClockId) -> u64 {
        lock(&self.clocks).now_ns(clock)
    }

    /// Advances to the next deadline, but by no more than `left_ns`, from which it subtracts the time advanced. Returns
    /// the timer if it reaches the deadline.
    pub(crate) fn step(&self, clocks: &mut Clocks, left_ns: &mut u64) -> Option<Due> {
        let (moved_ns, waker) = clocks.step(*left_ns);
        *left_ns -= moved_ns;
        waker.map(|waker| Due::new(clocks, waker))
    }

    /// Advances to the next deadline, if there is one: as [`step`](Self::step), without a limit.
    pub(crate) fn step_to_deadline(&self, clocks: &mut Clocks) -> Option<Due> {
        clocks.step_to_deadline().map(|waker| Due::new(clocks, waker))
    }

    /// Calls the waker of a timer.
    pub(crate) fn fire(&self, due: Due) {
        wake(due.waker);
        lock(&self.clocks).busy.end(due.token);
    }

    /// Jumps clocks. Then calls the wakers of the timers that are due, and after these the wakers of all other sleeps on
    /// the wall clock: the kernel, too, cancels the timers of that clock when it is set and when the machine resumes.
    pub(crate) fn jump_clock<R>(&self, jump: impl FnOnce(&mut Clocks) -> R) -> R {
        let mut clocks = lock(&self.clocks);
        let jumped = jump(&mut clocks);
        // Under the lock, as in `step`.
        let token = clocks.busy.begin();
        drop(clocks);
        loop {
            let due = lock(&self.clocks).take_due();
            let Some(due) = due else { break };
            wake(due);
        }
        let wall_clock = lock(&self.clocks).wakers(ClockId::Realtime);
        wall_clock.into_iter().for_each(wake);
        lock(&self.clocks).busy.end(token);
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
