//! Runs code under test on a separate thread, which can be abandoned.
//!
//! A thread that hangs in foreign code cannot be ended from outside. If nothing happens on it for long enough, it is
//! leaked with everything that it holds, and the probe continues without it. The same applies to a thread that does
//! something again and again, but does not end.
//!
//! # Invariants
//! - A run ends, whatever the code under test does: after the limits of [`Limits`]. The time for which the threads of the
//!   checker wait for a CPU is not counted, up to seven eighths of each slice.
//! - An abandoned thread that still runs ends at its next poll, because its task is marked as abandoned.

use crate::panics;
use crate::process::{self, CpuWait};
use crate::task::Task;
use crate::timeout::{Budget, SLICE, Timeout};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::time::{Duration, Instant};

/// The closure of `Check::around`: enters a runtime, for example, and calls its argument.
pub(crate) type Around = Option<Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>>;

/// When a thread is abandoned.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits<'a> {
    /// Nothing has happened on it for this long.
    pub(crate) stall: Timeout,
    /// It has not ended after this long, without the time in which nothing happens.
    pub(crate) run: Timeout,
    /// The time of the whole check is used up.
    pub(crate) budget: &'a Budget,
}

/// The outcome of code under test.
#[derive(Debug)]
pub(crate) enum Outcome<R> {
    Done(R),
    Panicked(String),
    /// Nothing happened for the length of the timeout. The thread is abandoned.
    Hung,
    /// Something happened all the time, but it has not ended in time. The thread is abandoned.
    OutOfTime,
}

/// Runs `code` inside `around` on this thread. Returns `None` if `around` does not call its argument.
pub(crate) fn call_inside<R>(around: &Around, code: impl FnOnce() -> R) -> Option<R> {
    let Some(around) = around else { return Some(code()) };
    let (mut code, mut result) = (Some(code), None);
    around(&mut || {
        if let Some(code) = code.take() {
            result = Some(code());
        }
    });
    result
}

/// Runs `code` inside `around` on a separate thread, until it ends or one of the limits is reached. The heartbeats of
/// `task` show that something happens.
pub(crate) fn run<R: Send + 'static>(
    task: &Arc<Task>,
    limits: Limits<'_>,
    around: &Around,
    code: impl FnOnce() -> R + Send + 'static,
) -> Outcome<R> {
    let (sender, receiver) = mpsc::channel();
    let around = around.clone();
    let thread = process::spawn(move || {
        let result = panics::catch(|| call_inside(&around, code));
        let _ = sender.send(result);
    });
    let Some(thread) = thread else {
        return Outcome::Panicked("the checker could not start a thread".into());
    };

    let (mut heartbeats, mut idle, mut active) =
        (task.heartbeats(), Duration::ZERO, Duration::ZERO);
    let mut cpu_wait = CpuWait::start();
    loop {
        let began = Instant::now();
        let received = receiver.recv_timeout(SLICE);
        let spent = limits.budget.spend(began.elapsed(), cpu_wait.longest());
        match received {
            Ok(Ok(Some(result))) => {
                // The thread is about to end. Once it has, it does not disturb probes that count threads or time.
                let _ = thread.join();
                return Outcome::Done(result);
            }
            Ok(Ok(None)) => {
                return Outcome::Panicked("`around` did not call its argument".into());
            }
            Ok(Err(panic)) => return Outcome::Panicked(panic),
            Err(RecvTimeoutError::Disconnected) => {
                return Outcome::Panicked(
                    "the thread of the probe has ended without a result".into(),
                );
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = task.heartbeats();
        if now == heartbeats {
            idle += spent;
        } else {
            (heartbeats, idle) = (now, Duration::ZERO);
            active += spent;
        }
        let hung = idle > limits.stall.duration();
        if hung || active > limits.run.duration() || limits.budget.is_spent() {
            task.abandon();
            return if hung { Outcome::Hung } else { Outcome::OutOfTime };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    const STALL: Timeout = Timeout(3);

    fn limits(budget: &Budget) -> Limits<'_> {
        Limits { stall: STALL, run: Timeout(100), budget }
    }

    #[test]
    fn a_thread_without_heartbeats_is_abandoned() {
        let outcome = run(&Task::new(), limits(&Budget::new(Duration::MAX)), &None, thread::park);
        assert!(matches!(outcome, Outcome::Hung), "{outcome:?}");
    }

    /// Runs code that has heartbeats until it is abandoned.
    fn run_for_ever(limits: Limits<'_>) -> Outcome<()> {
        let task = Task::new();
        run(&task.clone(), limits, &None, move || {
            while !task.is_abandoned() {
                task.heartbeat();
                thread::sleep(Duration::from_millis(1));
            }
        })
    }

    #[test]
    fn a_thread_that_does_not_end_is_abandoned_in_spite_of_its_heartbeats() {
        let budget = Budget::new(Duration::MAX);
        let outcome = run_for_ever(Limits { run: Timeout(20), ..limits(&budget) });
        assert!(matches!(outcome, Outcome::OutOfTime), "{outcome:?}");
    }

    #[test]
    fn a_thread_is_abandoned_when_the_time_of_the_check_is_used_up() {
        let budget = Budget::new(SLICE * 10);
        let outcome = run_for_ever(Limits { run: Timeout(u32::MAX), ..limits(&budget) });
        assert!(matches!(outcome, Outcome::OutOfTime), "{outcome:?}");
        assert!(budget.is_spent());
    }

    #[test]
    fn a_slow_thread_is_not_abandoned_while_it_has_heartbeats() {
        let task = Task::new();
        let budget = Budget::new(Duration::MAX);
        let stall = Timeout(40);
        let outcome = run(&task.clone(), Limits { stall, ..limits(&budget) }, &None, move || {
            for _ in 0..60 {
                thread::sleep(SLICE);
                task.heartbeat();
            }
            7
        });
        assert!(matches!(outcome, Outcome::Done(7)), "{outcome:?}");
    }

    #[test]
    fn code_runs_inside_the_around_closure() {
        let around: Around = Some(Arc::new(|code: &mut dyn FnMut()| code()));
        assert_eq!(call_inside(&around, || 7), Some(7));
        assert_eq!(call_inside(&Some(Arc::new(|_: &mut dyn FnMut()| ())), || 7), None);
    }
}
