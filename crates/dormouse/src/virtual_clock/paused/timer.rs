//! A timer of tokio for a sleep of this crate.
//!
//! # Invariants
//! - While [`register`] has returned `Pending`, the runtime has a timer that fires when its clock shows `fires_at`, with
//!   the waker of that call; or that waker has been called since. A reset moves the timer at once.
//! - tokio's sleep is polled only if it is not known to have fired. One that has fired before its time belongs to a runtime
//!   that has shut down, and polling it would panic.

use super::runtime::Runtime;
use crate::probe::catch_probe;
use crate::system_clock::ClockId;
use crate::virtual_clock::clocks::END_NS;
use std::future::Future;
use std::pin::{Pin, pin};
use std::task::{Context, Poll, Waker};
use std::time::Duration;
use tokio::runtime::Id;
use tokio::time::{Instant as TokioInstant, Sleep as TokioSleep};

#[derive(Debug)]
pub(crate) struct PausedTimer {
    runtime: Id,
    /// Whether the runtime was followed when the timer was created. Otherwise its time is not exact.
    followed: bool,
    /// The time of the timer, by the clock of the sleep.
    fires_at: u64,
    /// A time at which the timer existed, by tokio's clock.
    created: TokioInstant,
    alarm: Alarm,
}

#[derive(Debug)]
enum Alarm {
    At(Pin<Box<TokioSleep>>),
    /// `fires_at` never comes, and the runtime has no timer: an idle runtime would advance its clock to it. The waker is
    /// that of the last poll.
    Never(Waker),
}

/// What [`register`] has found.
#[derive(Debug, PartialEq)]
pub(super) enum Registered {
    Pending,
    /// The clock has reached the time of the timer.
    Due,
    /// The runtime has shut down.
    ShutDown,
}

/// Registers a timer that calls `waker` at `fires_at`, with the runtime that the caller is inside.
pub(super) fn register(
    slot: &mut Option<Box<PausedTimer>>,
    runtime: &Runtime,
    clock: ClockId,
    fires_at: u64,
    waker: &Waker,
) -> Registered {
    slot.take_if(|timer| !timer.serves(runtime, fires_at));
    let mut registered = Registered::ShutDown;
    catch_probe(|| {
        let timer =
            slot.get_or_insert_with(|| Box::new(PausedTimer::new(runtime, clock, fires_at)));
        registered = timer.poll(waker);
    });
    registered
}

impl PausedTimer {
    fn new(runtime: &Runtime, clock: ClockId, fires_at: u64) -> PausedTimer {
        let alarm = match runtime.tokio_instant(clock, fires_at) {
            Some(at) => {
                let mut sleep = Box::pin(tokio::time::sleep_until(at));
                // Inserts it into the timers of the runtime. A poll would do that too, but panics after a shutdown.
                sleep.as_mut().reset(at);
                Alarm::At(sleep)
            }
            None => Alarm::Never(Waker::noop().clone()),
        };
        let (followed, created) = (runtime.is_followed(), TokioInstant::now());
        PausedTimer { runtime: runtime.id, followed, fires_at, created, alarm }
    }

    /// Whether it is pending, with the right time and runtime.
    fn serves(&self, runtime: &Runtime, fires_at: u64) -> bool {
        let has_fired = matches!(&self.alarm, Alarm::At(sleep) if sleep.is_elapsed());
        let is_the_same = self.runtime == runtime.id && self.followed == runtime.is_followed();
        is_the_same && self.fires_at == fires_at && !has_fired
    }

    fn poll(&mut self, waker: &Waker) -> Registered {
        let sleep = match &mut self.alarm {
            Alarm::Never(stored) => {
                stored.clone_from(waker);
                return Registered::Pending;
            }
            Alarm::At(sleep) => sleep.as_mut(),
        };
        let at = sleep.deadline();
        if !sleep.is_elapsed() {
            // Spends no budget of the task, as other sleeps of this crate.
            let sleep = pin!(tokio::task::unconstrained(sleep));
            if sleep.poll(&mut Context::from_waker(waker)) == Poll::Pending {
                return Registered::Pending;
            }
        }
        if TokioInstant::now() >= at { Registered::Due } else { Registered::ShutDown }
    }

    /// Moves it to `fires_at`, on any thread. If that never comes, it fires at the former time.
    pub(crate) fn reset(&mut self, fires_at: u64) {
        if fires_at == self.fires_at || fires_at > END_NS {
            return;
        }
        match &mut self.alarm {
            // The task polls, and so registers a new timer.
            Alarm::Never(waker) => waker.wake_by_ref(),
            Alarm::At(sleep) => {
                let by = Duration::from_nanos(fires_at.abs_diff(self.fires_at));
                let at = if fires_at > self.fires_at {
                    sleep.deadline().checked_add(by)
                } else {
                    Some(sleep.deadline().checked_sub(by).unwrap_or(self.created))
                };
                let Some(at) = at else { return };
                catch_probe(|| sleep.as_mut().reset(at));
                self.fires_at = fires_at;
            }
        }
    }
}
