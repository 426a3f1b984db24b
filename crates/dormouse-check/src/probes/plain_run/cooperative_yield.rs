//! Distinguishes a future that yields its thread from one that waits in a loop.
//!
//! Both wake their own task again and again. A future that yields does a part of its work in each poll. So it needs the
//! same number of polls, however long the pauses between them are. A future that waits for a point in time needs fewer
//! polls if they are slower, and one that waits for an event is not ready before that.
//!
//! Each poll is inside a separate call of the closure of `Check::around`, because a runtime may limit how much a task
//! does before it returns to the runtime.

use crate::driver::fire_until_woken;
use crate::instance::Factory;
use crate::probes::context::ProbeContext;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::timeout::Timeout;
use crate::watchdog::{self, Around, Outcome, call_inside};
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

/// A longer series of self-wakes is no yielding.
const MAX_SELF_WAKES: u32 = 20_000;
/// The pause is after this many self-wakes in a row. Shorter series are not compared.
const PAUSE_AFTER: u32 = 50;
/// The shortest pause.
const MIN_PAUSE: Duration = Duration::from_millis(20);

/// How many times an instance is polled in separate calls of the closure of `Check::around`, and the pause between them.
const SEPARATE_POLLS: u32 = 400;
const SEPARATE_PAUSE: Duration = Duration::from_micros(500);

/// Whether an instance that is polled continuously is ready, if each poll is in a separate call of the closure of
/// `Check::around`.
pub(super) fn is_ready_in_separate_calls(context: &ProbeContext) -> bool {
    let (factory, around) = (context.factory.clone(), context.settings.around.clone());
    if around.is_none() {
        return false;
    }
    let (task, timeout) = (Task::without_backtraces(), context.wake_timeout(0));
    let limits = context.limits(context.run_limit());
    let outcome = watchdog::run(&task.clone(), limits, &None, move || {
        let (mut instance, mut events) = call_inside(&around, || factory.create(&task))?.ok()?;
        let waker = task.waker().to_waker();
        for _ in 0..SEPARATE_POLLS {
            task.heartbeat();
            if call_inside(&around, || instance.poll_unrecorded(&waker))? == PollResult::Ready {
                call_inside(&around, || instance.drop_inner())?.ok()?;
                return Some(());
            }
            events.fire(timeout, || false);
            thread::sleep(SEPARATE_PAUSE);
        }
        None
    });
    matches!(outcome, Outcome::Done(Some(())))
}

/// The largest number of self-wakes in a row; `None` if the future waits in a loop.
pub(super) fn longest(context: &ProbeContext) -> Option<u32> {
    let began = Instant::now();
    let fast = series(context, Duration::ZERO)?;
    let slow = series(context, began.elapsed() * 2 + MIN_PAUSE)?;
    (fast == slow).then(|| fast.into_iter().max().unwrap_or(0))
}

/// The number of self-wakes in each long series.
fn series(context: &ProbeContext, pause: Duration) -> Option<Vec<u32>> {
    let (factory, around) = (context.factory.clone(), context.settings.around.clone());
    let (task, timeout) = (Task::without_backtraces(), context.wake_timeout(0));
    let limits = context.limits(context.run_limit());
    let outcome = watchdog::run(&task.clone(), limits, &None, move || {
        count(&factory, &around, &task, timeout, pause)
    });
    match outcome {
        Outcome::Done(series) => series,
        _ => None,
    }
}

fn count(
    factory: &Factory,
    around: &Around,
    task: &Arc<Task>,
    timeout: Timeout,
    pause: Duration,
) -> Option<Vec<u32>> {
    let (mut instance, mut events) = call_inside(around, || factory.create(task))?.ok()?;
    let waker = task.waker();
    let std_waker = waker.to_waker();
    let (mut all, mut current) = (Vec::new(), 0);
    while current < MAX_SELF_WAKES && !task.is_abandoned() {
        waker.reset();
        task.heartbeat();
        let result = call_inside(around, || instance.poll_unrecorded(&std_waker))?;
        if result == PollResult::Pending && waker.woken_inside_poll() {
            current += 1;
            if current == PAUSE_AFTER {
                thread::sleep(pause);
            }
            continue;
        }
        all.extend(Some(current).filter(|length| *length >= PAUSE_AFTER));
        current = 0;
        match result {
            PollResult::Pending => {
                fire_until_woken(&waker, &mut events, timeout, false);
                if !task.wait(timeout, || waker.woken()) {
                    return None;
                }
            }
            PollResult::Item => {}
            PollResult::Ready => {
                call_inside(around, || instance.drop_inner())?.ok()?;
                return Some(all);
            }
            PollResult::WrongOutput | PollResult::Panicked(_) => return None,
        }
    }
    None
}
