//! Timers of several libraries.

use crate::cases;
use dormouse_check::{Check, check, check_local, check_stream};
use std::sync::LazyLock;
use std::time::Duration;
use tokio::runtime::Runtime;

const SHORT: Duration = Duration::from_millis(2);

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(1).enable_all().build().expect("a runtime can be started")
});

/// Inside of a tokio runtime.
pub(crate) fn in_tokio<T: 'static>(check: Check<T>) -> Check<T> {
    check.around(|code| {
        let _inside = RUNTIME.enter();
        code();
    })
}

cases! {
    /// dormouse
    sleep_of_dormouse: [], check(|| dormouse::sleep(SHORT));
    /// Longer than the usual waits of the checker.
    long_sleep_of_dormouse: [], check(|| dormouse::sleep(Duration::from_millis(40)));
    /// Two sleeps, one after the other.
    two_sleeps_of_dormouse: [], check(|| async {
        dormouse::sleep(SHORT).await;
        dormouse::sleep(SHORT).await;
        7
    }).expect_output(|output| *output == 7);
    /// A stream.
    interval_of_dormouse: [], check_stream(|| dormouse::interval(Duration::from_millis(1)));
    /// Runs out.
    timeout_of_dormouse: [], check(|| dormouse::timeout(SHORT, std::future::pending::<()>()))
        .expect_output(Result::is_err);
    /// Does not.
    timeout_in_time_of_dormouse: [], check(|| {
        dormouse::timeout(Duration::from_secs(60), dormouse::sleep(SHORT))
    }).expect_output(Result::is_ok);
    /// Ready at once.
    no_sleep_at_all: [], check(|| dormouse::sleep(Duration::ZERO));
    /// Of smol and async-std.
    timer_of_async_io: [], check(|| async_io::Timer::after(SHORT));
    /// A stream of ticks.
    interval_of_async_io: [], check_stream(|| async_io::Timer::interval(Duration::from_millis(1)));
    /// tokio
    sleep_of_tokio: [], in_tokio(check(|| tokio::time::sleep(SHORT)));
    /// tokio
    timeout_of_tokio: [], in_tokio(check(|| tokio::time::timeout(SHORT, std::future::pending::<()>())));
    /// Of a task that it starts, and waits for.
    task_of_tokio: [], in_tokio(check(|| async {
        let _ = tokio::spawn(tokio::time::sleep(SHORT)).await;
    }));
    /// Not `Send`.
    local_sleep: [], check_local(|| async {
        let here = std::rc::Rc::new(7);
        dormouse::sleep(SHORT).await;
        *here
    }).expect_output(|output| *output == 7);
}
