//! Runs code under test on a separate thread, which can be abandoned.
//!
//! A thread that hangs in foreign code cannot be ended from outside. If nothing happens on it for long enough, it is
//! leaked with everything that it holds, and the probe continues without it.

use crate::panics;
use crate::process;
use crate::task::Task;
use crate::timeout::{SLICE, Timeout};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};

/// The closure of `Check::around`: enters a runtime, for example, and calls its argument.
pub(crate) type Around = Option<Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>>;

/// The outcome of code under test.
#[derive(Debug)]
pub(crate) enum Outcome<R> {
    Done(R),
    Panicked(String),
    /// Nothing happened for the length of the timeout. The thread is abandoned.
    Hung,
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

/// Runs `code` inside `around` on a separate thread, until it ends or `task` has had no heartbeat for the length of
/// the timeout.
pub(crate) fn run<R: Send + 'static>(
    task: &Arc<Task>,
    stall_timeout: Timeout,
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

    let (mut heartbeats, mut idle_slices) = (task.heartbeats(), 0);
    loop {
        match receiver.recv_timeout(SLICE) {
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
        idle_slices = if now == heartbeats { idle_slices + 1 } else { 0 };
        heartbeats = now;
        if idle_slices > stall_timeout.0 {
            return Outcome::Hung;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    #[test]
    fn a_thread_without_heartbeats_is_abandoned() {
        let outcome = run(&Task::new(), Timeout(3), &None, thread::park);
        assert!(matches!(outcome, Outcome::Hung), "{outcome:?}");
    }

    #[test]
    fn a_slow_thread_is_not_abandoned_while_it_has_heartbeats() {
        let task = Task::new();
        let outcome = run(&task.clone(), Timeout(3), &None, move || {
            for _ in 0..12 {
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
