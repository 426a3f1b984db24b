//! Where code under test runs: on a thread of its own, which can be given up.
//!
//! A thread that is stuck in strange code cannot be ended from outside. If nothing happens on a stage for long
//! enough, it is left as it is, with all that it holds, and the probe goes on without it.

use crate::panics;
use crate::patience::Patience;
use crate::process::{self, OWN_THREAD};
use crate::task::Task;
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;

/// Wraps whatever runs on a thread of the checker: the author's way to enter a runtime.
pub(crate) type Around = Option<Arc<dyn Fn(&mut dyn FnMut()) + Send + Sync>>;

/// How it went on a stage.
#[derive(Debug)]
pub(crate) enum Staged<R> {
    Done(R),
    Panicked(String),
    /// Nothing happened any more. The thread has been given up.
    Stuck,
}

/// Runs `code` inside of `around`, on this thread.
pub(crate) fn inside<R>(around: &Around, code: impl FnOnce() -> R) -> Option<R> {
    let Some(around) = around else { return Some(code()) };
    let (mut code, mut result) = (Some(code), None);
    around(&mut || {
        if let Some(code) = code.take() {
            result = Some(code());
        }
    });
    result
}

/// A thread of the checker.
pub(crate) fn spawn<R: Send + 'static>(
    code: impl FnOnce() -> R + Send + 'static,
) -> Option<thread::JoinHandle<R>> {
    let own = || {
        process::own_this();
        code()
    };
    thread::Builder::new().name(OWN_THREAD.into()).spawn(own).ok()
}

/// Runs `code` on a thread of its own for as long as something happens to `task`.
pub(crate) fn run<R: Send + 'static>(
    task: &Arc<Task>,
    idle: Patience,
    around: &Around,
    code: impl FnOnce() -> R + Send + 'static,
) -> Staged<R> {
    let (report, result) = mpsc::channel();
    let around = around.clone();
    let spawned = spawn(move || {
        let result = panics::catch(|| inside(&around, code));
        let _ = report.send(result);
    });
    if spawned.is_none() {
        return Staged::Panicked("the checker could not start a thread".into());
    }

    let (mut beat, mut slices) = (task.beat(), 0);
    loop {
        match result.recv_timeout(crate::patience::SLICE) {
            Ok(Ok(Some(result))) => {
                // It has only to end; then it does not disturb who counts threads or times.
                if let Some(thread) = spawned {
                    let _ = thread.join();
                }
                return Staged::Done(result);
            }
            Ok(Ok(None)) => {
                return Staged::Panicked("`around` did not call what it was given".into());
            }
            Ok(Err(panic)) => return Staged::Panicked(panic),
            Err(RecvTimeoutError::Disconnected) => {
                return Staged::Panicked("the thread of the probe is gone".into());
            }
            Err(RecvTimeoutError::Timeout) => {}
        }
        let now = task.beat();
        slices = if now == beat { slices + 1 } else { 0 };
        beat = now;
        if slices > idle.0 {
            return Staged::Stuck;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stage_on_which_nothing_happens_is_given_up() {
        let staged = run(&Task::new(), Patience(3), &None, thread::park);
        assert!(matches!(staged, Staged::Stuck), "{staged:?}");
    }

    #[test]
    fn a_slow_stage_is_waited_for_as_long_as_it_lives() {
        let task = Task::new();
        let staged = run(&task.clone(), Patience(3), &None, move || {
            for _ in 0..12 {
                thread::sleep(crate::patience::SLICE);
                task.live();
            }
            7
        });
        assert!(matches!(staged, Staged::Done(7)), "{staged:?}");
    }

    #[test]
    fn what_is_around_is_around() {
        let around: Around = Some(Arc::new(|code: &mut dyn FnMut()| code()));
        assert_eq!(inside(&around, || 7), Some(7));
        assert_eq!(inside(&Some(Arc::new(|_: &mut dyn FnMut()| ())), || 7), None);
    }
}
