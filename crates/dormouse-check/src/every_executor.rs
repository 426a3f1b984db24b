//! What an `#[every_executor]` test runs through: one executor, a thread of its own, and a time limit.
//!
//! The test runs on a thread that can be given up. The thread of the test harness waits for it, and if that takes too
//! long, fails the test with all that is known about where it hangs.
//!
//! # Invariants
//! - A test that hangs fails, also one that should panic.
//! - What the test panics with is what the harness sees.

pub(crate) mod awaits;

use crate::executors::Executor;
use crate::patience::{Patience, SLICE};
use awaits::Awaits;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// What the attribute says about a test.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// How long it may take.
    pub time_limit: Duration,
    /// Whether it is right for it to panic.
    pub should_panic: bool,
}

/// Runs a test on an executor, on one thread.
#[track_caller]
pub fn run<F>(executor: Executor, test: Test, body: impl FnOnce() -> F + Send + 'static) -> ExitCode
where
    F: Future<Output: Termination> + 'static,
{
    supervise(executor.name, test, move |awaits| {
        let (report, result) = mpsc::channel();
        let test = awaits.watch(body());
        executor.block_on(Box::pin(async move {
            let _ = report.send(test.await.report());
        }));
        result.recv().expect("an executor that returns has run its future")
    })
}

/// Runs a test on the threads of a pool, which takes a future that is `Send`.
///
/// ```compile_fail
/// # use dormouse_check::__private::{Test, run_on_thread_pool};
/// # let test = Test { time_limit: std::time::Duration::from_secs(1), should_panic: false };
/// run_on_thread_pool(test, || async {
///     let not_send = std::rc::Rc::new(7);
///     std::future::ready(()).await;
///     drop(not_send);
/// });
/// ```
#[cfg(feature = "futures")]
#[track_caller]
pub fn run_on_thread_pool<F>(test: Test, body: impl FnOnce() -> F + Send + 'static) -> ExitCode
where
    F: Future<Output: Termination> + 'static,
    F: Send, // or leave the pool out: `#[every_executor(except(futures_thread_pool))]`
{
    let name = crate::executors::FUTURES_THREAD_POOL.name;
    supervise(name, test, |awaits| {
        let test = awaits.watch(body());
        crate::executors::thread_pool::spawn(async move { test.await.report() })
    })
}

/// How it went.
type Outcome = Result<ExitCode, Box<dyn Any + Send>>;

/// Runs a test on a thread of its own, with a time limit.
#[track_caller]
fn supervise(
    executor: &str,
    test: Test,
    run: impl FnOnce(&Arc<Awaits>) -> ExitCode + Send + 'static,
) -> ExitCode {
    let awaits = Arc::new(Awaits::default());
    let (begin, begun) = mpsc::channel();
    let (report, outcome) = mpsc::channel::<Outcome>();
    // The harness calls its threads by the tests that they run; so messages of panics say which test it was.
    let name = thread::current().name().unwrap_or("every_executor").to_owned();
    let spawned = thread::Builder::new().name(name).spawn({
        let awaits = awaits.clone();
        move || {
            let _ = begin.send(());
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(&awaits)));
            let _ = report.send(outcome);
        }
    });
    let thread =
        spawned.unwrap_or_else(|error| panic!("no thread can be started for the test: {error}"));

    // On a busy machine, that alone can take longer than a short time limit.
    let _ = begun.recv();
    for _ in 0..=Patience::of(test.time_limit).0 {
        match outcome.recv_timeout(SLICE) {
            Ok(outcome) => {
                let _ = thread.join();
                return outcome.unwrap_or_else(|panic| panic::resume_unwind(panic));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => panic!("the thread of the test is gone"),
        }
    }
    let message = awaits.describe(executor, test.time_limit);
    if test.should_panic {
        // A panic would be taken for the one that is hoped for.
        eprintln!("{message}");
        return ExitCode::FAILURE;
    }
    panic!("{message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executors::STD;
    use crate::panics;
    use awaits::{awaited, place};
    use std::future::{pending, ready};

    fn limit(ms: u64) -> Test {
        Test { time_limit: Duration::from_millis(ms), should_panic: false }
    }

    #[test]
    fn a_poll_that_does_not_return_is_told_from_a_wake_up_that_does_not_come() {
        let blocked = panics::catch(|| {
            run(STD, limit(50), || async {
                awaited(
                    async {
                        loop {
                            thread::park()
                        }
                    },
                    place("blocks"),
                )
                .await
            })
        });
        let blocked = blocked.expect_err("it hangs");
        assert!(
            blocked.contains("`blocks.await`") && blocked.contains("holds the thread"),
            "{blocked}"
        );

        let pending =
            panics::catch(|| run(STD, limit(50), || awaited(pending::<()>(), place("waits"))));
        let pending = pending.expect_err("it hangs");
        assert!(pending.contains("`waits.await`") && pending.contains("polled once"), "{pending}");
        assert!(!pending.contains("holds the thread for"), "{pending}");
    }

    #[test]
    fn a_test_that_hangs_outside_of_its_awaits_says_after_which() {
        let blocked = panics::catch(|| {
            run(STD, limit(50), || async {
                awaited(ready(()), place("before")).await;
                loop {
                    thread::park();
                }
            })
        });
        let blocked = blocked.expect_err("it hangs");
        assert!(
            blocked.contains("outside of any await") && blocked.contains("`before.await`"),
            "{blocked}"
        );
    }

    #[test]
    fn an_executor_that_does_not_end_is_told_from_a_test_that_does_not() {
        let caught = panics::catch(|| {
            supervise("never ends", limit(50), |awaits| {
                STD.block_on(Box::pin(awaits.watch(async {})));
                loop {
                    thread::park();
                }
            })
        });
        let caught = caught.expect_err("it hangs");
        assert!(caught.contains("the executor does not end"), "{caught}");
    }

    #[test]
    fn a_test_that_should_panic_and_hangs_does_not_panic() {
        let test = Test { should_panic: true, ..limit(50) };
        assert_eq!(run(STD, test, pending::<()>), ExitCode::FAILURE);
    }

    #[test]
    fn a_test_that_ends_in_time_is_what_it_returns() {
        assert_eq!(run(STD, limit(60_000), || ready(())), ExitCode::SUCCESS);
        assert_eq!(run(STD, limit(60_000), || ready(Err::<(), _>("no"))), ExitCode::FAILURE);
        let panics = panics::catch(|| {
            run(STD, limit(60_000), || async { panic::resume_unwind(Box::new("boo")) })
        });
        assert_eq!(panics.map(|_: ExitCode| ()), Err("boo".to_owned()));
    }
}
