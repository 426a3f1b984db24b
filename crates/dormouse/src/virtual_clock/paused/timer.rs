//! A timer of tokio for a sleep of this crate.
//!
//! # Invariants
//! - While [`register`] has returned `Pending`, the runtime has a timer that fires when its clock shows `fires_at`, with
//!   the waker of that call; or the timer has fired since. A reset moves the timer at once.
//! - A timer that fires wakes its task, except in real time: there the timer queue does, which is more exact.
//! - A panic of a waker does not reach tokio, whose runtime it would end.
//! - tokio's sleep is polled only if it is not known to have fired. One that has fired before its time belongs to a runtime
//!   that has shut down, and polling it would panic.

use super::runtime::{self, Runtime};
use crate::catch_panic::{catch_panic, wake};
use crate::sync::{Mutex, lock};
use crate::system_clock::ClockId;
use crate::virtual_clock::clocks::END_NS;
use std::future::Future;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;
use tokio::runtime::Id;
use tokio::time::{Instant as TokioInstant, Sleep as TokioSleep};

#[derive(Debug)]
pub(crate) struct PausedTimer {
    runtime: Id,
    /// The time of the timer, by the clock of the sleep.
    fires_at: u64,
    /// A time at which the timer existed, by tokio's clock.
    created: TokioInstant,
    /// `None` if `fires_at` never comes: an idle runtime would advance its clock to it.
    sleep: Option<Pin<Box<TokioSleep>>>,
    waker: Arc<TaskWaker>,
}

// A sleep is `UnwindSafe` without the feature `test-util`, and so with it. Panics of tokio are caught in this module, and
// the next poll replaces a timer that has not been registered.
impl UnwindSafe for PausedTimer {}
impl RefUnwindSafe for PausedTimer {}

/// Called when a timer fires.
#[derive(Debug)]
struct TaskWaker {
    /// That of the last poll. `None` after the timer has fired.
    task: Mutex<Option<Waker>>,
    clock: ClockId,
    fires_at: u64,
    /// Whether the runtime was followed when the task has polled. Otherwise the time of the timer is not exact.
    followed: bool,
}

/// What [`register`] has found.
#[derive(Debug, PartialEq)]
pub(super) enum Registered {
    Pending,
    /// The clock has reached the time of the timer.
    Due,
    /// The runtime has shut down, and is no longer followed.
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
    if slot.as_ref().is_some_and(|timer| timer.waker.will_wake(waker)) {
        return Registered::Pending;
    }
    let followed = runtime.is_followed();
    let waker =
        Arc::new(TaskWaker { task: Mutex::new(Some(waker.clone())), clock, fires_at, followed });
    let mut registered = Registered::ShutDown;
    catch_panic(|| {
        let timer = slot.get_or_insert_with(|| {
            Box::new(PausedTimer::new(runtime, clock, fires_at, waker.clone()))
        });
        registered = timer.poll(waker);
    });
    if registered == Registered::ShutDown {
        runtime.mark_shut_down();
        *slot = None;
    }
    registered
}

/// Moves a timer to `fires_at`, on any thread. If that never comes, the timer fires at the former time.
pub(crate) fn reset(slot: &mut Option<Box<PausedTimer>>, fires_at: u64) {
    let Some(timer) = slot.as_mut().filter(|timer| timer.fires_at != fires_at) else { return };
    if fires_at > END_NS {
        return;
    }
    if timer.move_to(fires_at) {
        return;
    }
    let waker = timer.waker.clone();
    let Some(task) = waker.take() else { return };
    let registered = match runtime::pausable().filter(|runtime| runtime.id == timer.runtime) {
        Some(runtime) => {
            *slot = None;
            register(slot, &runtime, waker.clock, fires_at, &task)
        }
        // In real time, the timer queue wakes the task.
        None if waker.followed => Registered::Due,
        None => Registered::Pending,
    };
    if registered != Registered::Pending {
        wake(task);
    }
}

impl PausedTimer {
    fn new(runtime: &Runtime, clock: ClockId, fires_at: u64, waker: Arc<TaskWaker>) -> PausedTimer {
        let sleep = runtime.tokio_instant(clock, fires_at).map(|at| {
            let mut sleep = Box::pin(tokio::time::sleep_until(at));
            // Inserts it into the timers of the runtime. A poll would do that too, but panics after a shutdown.
            sleep.as_mut().reset(at);
            sleep
        });
        let created = TokioInstant::now();
        PausedTimer { runtime: runtime.id, fires_at, created, sleep, waker }
    }

    /// Whether it is pending, with the right time and runtime.
    fn serves(&self, runtime: &Runtime, fires_at: u64) -> bool {
        let has_fired = self.sleep.as_ref().is_some_and(|sleep| sleep.is_elapsed());
        let is_the_same =
            self.runtime == runtime.id && self.waker.followed == runtime.is_followed();
        is_the_same && self.fires_at == fires_at && !has_fired
    }

    fn poll(&mut self, waker: Arc<TaskWaker>) -> Registered {
        self.waker = waker;
        let Some(sleep) = &mut self.sleep else { return Registered::Pending };
        let at = sleep.deadline();
        if !sleep.is_elapsed() {
            let waker = Waker::from(self.waker.clone());
            // Spends no budget of the task, as other sleeps of this crate.
            let sleep = pin!(tokio::task::unconstrained(sleep.as_mut()));
            if sleep.poll(&mut Context::from_waker(&waker)) == Poll::Pending {
                return Registered::Pending;
            }
        }
        if TokioInstant::now() >= at { Registered::Due } else { Registered::ShutDown }
    }

    /// Moves it to `fires_at`. Returns false if it has no timer of tokio to move.
    fn move_to(&mut self, fires_at: u64) -> bool {
        let Some(sleep) = &mut self.sleep else { return false };
        let by = Duration::from_nanos(fires_at.abs_diff(self.fires_at));
        let at = if fires_at > self.fires_at {
            sleep.deadline().checked_add(by)
        } else {
            Some(sleep.deadline().checked_sub(by).unwrap_or(self.created))
        };
        if let Some(at) = at {
            catch_panic(|| sleep.as_mut().reset(at));
            self.fires_at = fires_at;
        }
        true
    }
}

impl TaskWaker {
    fn will_wake(&self, waker: &Waker) -> bool {
        lock(&self.task).as_ref().is_some_and(|task| task.will_wake(waker))
    }

    fn take(&self) -> Option<Waker> {
        lock(&self.task).take()
    }
}

impl Wake for TaskWaker {
    fn wake(self: Arc<Self>) {
        let Some(task) = self.take() else { return };
        // In the last case, the wall clock was set back: the task polls, and so registers a new timer.
        let wakes =
            self.followed || runtime::followed().is_some() || self.clock.now_ns() < self.fires_at;
        if wakes { wake(task) } else { catch_panic(|| drop(task)) }
    }
}

impl Drop for TaskWaker {
    fn drop(&mut self) {
        catch_panic(|| drop(self.take()));
    }
}
