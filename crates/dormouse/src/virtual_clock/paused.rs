//! tokio's paused clock: code inside a runtime whose clock is paused (`tokio::time::pause`, `start_paused`) follows it.
//!
//! [`runtime`] finds out which runtime the caller is inside, and whether its clock is paused or was. [`anchor`] converts
//! between that clock and those of this crate. [`timer`] is a timer of tokio for a sleep of this crate, so that the runtime
//! advances its paused clock to the deadline when it is idle.
//!
//! It knows no virtual time, which takes precedence. Without the feature `tokio` it is `paused/absent.rs`.
//!
//! # Invariants
//! - A runtime whose clock has been seen off real time is followed for good, with one anchor: its clock stays off after a
//!   `resume` too. The exception is a runtime that has shut down, as soon as a sleep cannot register its timer.
//! - A sleep that is pending inside a runtime whose clock can be paused has a timer of that runtime, whether or not the
//!   clock is paused. So if it is paused later, the sleep is polled when the paused clock reaches its deadline, and then
//!   follows. Until then the timer queue completes it in real time.
//! - No panic of tokio reaches the caller. tokio panics where a runtime has no time driver or has shut down.

mod anchor;
mod runtime;
mod timer;

pub(super) use timer::{PausedTimer, reset};

use crate::system_clock::ClockId;
use std::task::{Poll, Waker};
use timer::Registered;

/// What `clock` shows, by the clock of the runtime that the caller is inside. `None` in real time.
pub(super) fn now_ns(clock: ClockId) -> Option<u64> {
    runtime::followed().map(|runtime| runtime.now_ns(clock))
}

/// Whether the caller is inside a runtime whose clock it follows.
pub(super) fn is_followed() -> bool {
    runtime::followed().is_some()
}

/// Polls a sleep by the clock of the runtime that the caller is inside. `None` in real time.
pub(super) fn poll(
    slot: &mut Option<Box<PausedTimer>>,
    clock: ClockId,
    deadline: u64,
    fires_at: u64,
    waker: &Waker,
) -> Option<Poll<()>> {
    let runtime = runtime::followed()?;
    if deadline > runtime.now_ns(clock) {
        match timer::register(slot, &runtime, clock, fires_at, waker) {
            Registered::Pending => return Some(Poll::Pending),
            // Another thread has advanced the clock meanwhile.
            Registered::Due => {}
            Registered::ShutDown => return None,
        }
    }
    *slot = None;
    Some(Poll::Ready(()))
}

/// Registers the timer of a sleep that is pending in real time, if the clock of the runtime that the caller is inside can
/// be paused.
pub(super) fn register(
    slot: &mut Option<Box<PausedTimer>>,
    clock: ClockId,
    fires_at: u64,
    waker: &Waker,
) {
    let Some(runtime) = runtime::pausable() else {
        *slot = None;
        return;
    };
    match timer::register(slot, &runtime, clock, fires_at, waker) {
        Registered::Pending | Registered::ShutDown => {}
        // The clock was paused and advanced since this poll has begun: the next one follows it.
        Registered::Due => waker.wake_by_ref(),
    }
}
