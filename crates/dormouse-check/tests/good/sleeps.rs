//! Timers from several libraries.

use crate::cases;
use dormouse_check::{Check, check, check_local, check_stream};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::runtime::Runtime;

const SHORT: Duration = Duration::from_millis(2);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).enable_all().build().expect("failed to build a tokio runtime")
});

/// Runs the check in the context of a tokio runtime.
pub(crate) fn in_tokio<T: 'static>(check: Check<T>) -> Check<T> {
    check.around(|code| {
        let _guard = RUNTIME.enter();
        code();
    })
}

cases! {
    /// dormouse: a short sleep.
    sleep_of_dormouse: [], check(|| dormouse::sleep(SHORT));
    /// dormouse: a sleep that is longer than the usual waits of the checker.
    long_sleep_of_dormouse: [], check(|| dormouse::sleep(Duration::from_millis(40)));
    /// dormouse: two sleeps in sequence.
    two_sleeps_of_dormouse: [], check(|| async {
        dormouse::sleep(SHORT).await;
        dormouse::sleep(SHORT).await;
        7
    }).expect_output(|output| *output == 7);
    /// dormouse: a stream of ticks.
    interval_of_dormouse: [], check_stream(|| dormouse::interval(Duration::from_millis(1)));
    /// dormouse: a timeout that expires.
    timeout_of_dormouse: [], check(|| dormouse::timeout(SHORT, std::future::pending::<()>()))
        .expect_output(Result::is_err);
    /// dormouse: a timeout that does not expire.
    timeout_in_time_of_dormouse: [], check(|| {
        dormouse::timeout(Duration::from_secs(60), dormouse::sleep(SHORT))
    }).expect_output(Result::is_ok);
    /// dormouse: a sleep that is ready at its first poll.
    zero_duration_sleep: [], check(|| dormouse::sleep(Duration::ZERO));
    /// async-io, which is the timer of smol and async-std.
    timer_of_async_io: [], check(|| async_io::Timer::after(SHORT));
    /// async-io: a stream of ticks.
    interval_of_async_io: [], check_stream(|| async_io::Timer::interval(Duration::from_millis(1)));
    /// tokio: a sleep.
    sleep_of_tokio: [], in_tokio(check(|| tokio::time::sleep(SHORT)));
    /// tokio: a timeout that expires.
    timeout_of_tokio: [], in_tokio(check(|| tokio::time::timeout(SHORT, std::future::pending::<()>())));
    /// tokio: waits for a spawned task.
    task_of_tokio: [], in_tokio(check(|| async {
        let _ = tokio::spawn(tokio::time::sleep(SHORT)).await;
    }));
    /// A future that is not `Send`.
    local_sleep: [], check_local(|| async {
        let number = std::rc::Rc::new(7);
        dormouse::sleep(SHORT).await;
        *number
    }).expect_output(|output| *output == 7);
}
