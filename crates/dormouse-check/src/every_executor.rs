//! Runs an `#[every_executor]` test: on one executor, on a dedicated thread, with a time limit.
//!
//! The harness thread waits for the dedicated thread. When the time limit expires, it fails the test with a message
//! that names the pending awaits, and abandons the dedicated thread.
//!
//! # Invariants
//! - A test that hangs fails, even if it is marked `should_panic`: then it does not panic.
//! - A test that returns an error panics, unless it is marked `should_panic`: that needs a panic of the test itself.
//! - The harness sees the panic payload of the test unchanged.

pub(crate) mod awaits;

use crate::executors::Executor;
use crate::timeout::{SLICE, Timeout};
use awaits::Awaits;
use std::any::Any;
use std::panic::{self, AssertUnwindSafe};
use std::process::{ExitCode, Termination};
use std::sync::Arc;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// The options of a test.
#[derive(Clone, Copy, Debug)]
pub struct Test {
    /// How long the test may take.
    pub time_limit: Duration,
    /// Whether the test is expected to panic.
    pub should_panic: bool,
}

/// Runs a test on an executor that polls it on one thread, so it need not be `Send`.
#[track_caller]
pub fn run<F>(executor: Executor, test: Test, body: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output: Termination> + 'static,
{
    supervise(executor.name, test, move |awaits| {
        let (report, result) = mpsc::channel();
        let test = awaits.track(body());
        executor.block_on(Box::pin(async move {
            let _ = report.send(test.await.report());
        }));
        result.try_recv().unwrap_or_else(|_| {
            panic!("the executor `{}` has returned before the test completed", executor.name)
        })
    })
}

/// Runs a test on the threads of a pool. The future must be `Send`.
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
pub fn run_on_thread_pool<F>(test: Test, body: impl FnOnce() -> F + Send + 'static)
where
    F: Future<Output: Termination> + 'static,
    F: Send, // or exclude the pool: `#[every_executor(except(futures_thread_pool))]`
{
    let name = crate::executors::FUTURES_THREAD_POOL.name;
    supervise(name, test, |awaits| {
        let test = awaits.track(body());
        crate::executors::thread_pool::spawn(async move { test.await.report() })
    })
}

/// The exit code of a test, or its panic payload.
type Outcome = Result<ExitCode, Box<dyn Any + Send>>;

/// Runs a test on a dedicated thread, with a time limit.
#[track_caller]
fn supervise(
    executor: &str,
    test: Test,
    run: impl FnOnce(&Arc<Awaits>) -> ExitCode + Send + 'static,
) {
    let awaits = Arc::new(Awaits::default());
    let (start, started) = mpsc::channel();
    let (report, outcome) = mpsc::channel::<Outcome>();
    // The harness names its threads after their tests. The same name keeps the test's name in panic messages.
    let name = thread::current().name().unwrap_or("every_executor").to_owned();
    let spawned = thread::Builder::new().name(name).spawn({
        let awaits = awaits.clone();
        move || {
            let _ = start.send(());
            let outcome = panic::catch_unwind(AssertUnwindSafe(|| run(&awaits)));
            let _ = report.send(outcome);
        }
    });
    let thread =
        spawned.unwrap_or_else(|error| panic!("failed to start a thread for the test: {error}"));

    // On a busy machine, the thread can take longer to start than a short time limit.
    let _ = started.recv();
    for _ in 0..=Timeout::at_least(test.time_limit).0 {
        match outcome.recv_timeout(SLICE) {
            Ok(outcome) => {
                let _ = thread.join();
                let code = outcome.unwrap_or_else(|panic| panic::resume_unwind(panic));
                assert!(
                    code == ExitCode::SUCCESS || test.should_panic,
                    "on `{executor}`, the test returned an error"
                );
                return;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => {
                panic!("the test's thread has exited without a result")
            }
        }
    }
    let message = awaits.describe(executor, test.time_limit);
    if test.should_panic {
        // The harness would accept a panic as the expected one.
        eprintln!("{message}");
        return;
    }
    panic!("{message}");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executors::STD;
    use crate::panics;
    use awaits::{await_point, awaited};
    use std::future::{pending, ready};

    fn limit(ms: u64) -> Test {
        Test { time_limit: Duration::from_millis(ms), should_panic: false }
    }

    #[test]
    fn a_blocked_poll_and_a_missing_wake_up_are_reported_differently() {
        let blocked = panics::catch(|| {
            run(STD, limit(50), || async {
                awaited(
                    async {
                        loop {
                            thread::park()
                        }
                    },
                    await_point("blocks"),
                )
                .await
            })
        });
        let blocked = blocked.expect_err("it hangs");
        assert!(
            blocked.contains("`blocks.await`") && blocked.contains("blocking the thread"),
            "{blocked}"
        );

        let pending = panics::catch(|| {
            run(STD, limit(50), || awaited(pending::<()>(), await_point("waits")))
        });
        let pending = pending.expect_err("it hangs");
        assert!(pending.contains("`waits.await`") && pending.contains("polled once"), "{pending}");
        assert!(!pending.contains("blocking the thread for"), "{pending}");
    }

    #[test]
    fn a_hang_outside_any_await_names_the_last_completed_await() {
        let blocked = panics::catch(|| {
            run(STD, limit(50), || async {
                awaited(ready(()), await_point("before")).await;
                loop {
                    thread::park();
                }
            })
        });
        let blocked = blocked.expect_err("it hangs");
        assert!(
            blocked.contains("outside any await") && blocked.contains("`before.await`"),
            "{blocked}"
        );
    }

    #[test]
    fn an_executor_that_does_not_shut_down_is_reported_as_such() {
        let caught = panics::catch(|| {
            supervise("never shuts down", limit(50), |awaits| {
                STD.block_on(Box::pin(awaits.track(async {})));
                loop {
                    thread::park();
                }
            })
        });
        let caught = caught.expect_err("it hangs");
        assert!(caught.contains("the executor does not shut down"), "{caught}");
    }

    #[test]
    fn a_should_panic_test_that_hangs_fails_without_a_panic() {
        let test = Test { should_panic: true, ..limit(50) };
        run(STD, test, pending::<()>);
    }

    #[test]
    fn a_test_that_completes_in_time_keeps_its_result_or_panic() {
        run(STD, limit(60_000), || ready(()));
        let error = panics::catch(|| run(STD, limit(60_000), || ready(Err::<(), _>("no"))));
        assert!(error.is_err_and(|panic| panic.contains("on `std`, the test returned an error")));
        let panics = panics::catch(|| {
            run(STD, limit(60_000), || async { panic::resume_unwind(Box::new("boo")) })
        });
        assert_eq!(panics, Err("boo".to_owned()));
    }

    #[test]
    fn an_error_does_not_count_as_the_expected_panic() {
        let test = Test { should_panic: true, ..limit(60_000) };
        run(STD, test, || ready(Err::<(), _>("no")));
    }

    #[test]
    fn an_executor_that_returns_too_early_is_reported() {
        let caught =
            panics::catch(|| run(Executor::new("hasty", drop), limit(60_000), || ready(())));
        let caught = caught.expect_err("the test has not run");
        assert!(caught.contains("`hasty` has returned before the test completed"), "{caught}");
    }
}
