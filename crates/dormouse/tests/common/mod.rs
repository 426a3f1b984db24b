//! Helpers shared by the test binaries.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test binary uses a part of them")]

#[cfg(unix)]
pub mod child;
#[cfg(unix)]
pub mod fifo;
pub mod ports;
#[cfg(target_os = "linux")]
pub mod pty;
pub mod reactors;
#[cfg(target_os = "linux")]
pub mod sockets;
#[cfg(unix)]
pub mod strace;
pub mod stream;
#[cfg(unix)]
mod system;
pub mod tcp;

#[cfg(unix)]
#[allow(unused_imports, reason = "each test binary uses a part of them")]
pub use system::*;

use dormouse::clock::Clock;
use dormouse::io::Interest;
use dormouse::time::Sleep;

use std::future::{Future, poll_fn};
use std::io::Write;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Whether timers have timerfds, and one epoll instance serves several threads. Elsewhere, the thread `dormouse` waits for
/// all deadlines, and for the fds of the builtin reactor.
pub const IS_LINUX: bool = cfg!(all(target_os = "linux", not(dormouse_portable)));

pub const MS: Duration = Duration::from_millis(1);

pub const BOTH: Interest = Interest::READABLE.add(Interest::WRITABLE);

/// The time limit of a test: long enough for a loaded machine, so a test that exceeds it hangs. In wine, each operation on a
/// socket is a request to another process, and takes many times as long.
pub const TEST_TIMEOUT: Duration = Duration::from_secs(if cfg!(windows) { 120 } else { 30 });

/// The time limit of a step that must complete at once: on a loaded machine too.
pub const LIMIT: Duration = Duration::from_secs(if cfg!(windows) { 20 } else { 5 });

/// Generates one test per reactor from an async fn, in a module with the name of that fn.
#[macro_export]
macro_rules! on_every_reactor {
    ($($promise:ident)*) => {$(
        mod $promise {
            #[test]
            fn without_an_executor() {
                $crate::common::within_time(|| dormouse::block_on(super::$promise()));
            }

            $crate::on_tokio! { $promise }

            #[test]
            #[cfg(feature = "tokio")]
            fn on_tokio_without_io() {
                $crate::common::within_time(|| {
                    $crate::common::without_io().block_on(super::$promise())
                });
            }

            #[test]
            fn on_smol() {
                $crate::common::within_time(|| smol::block_on(super::$promise()));
            }
        }
    )*};
}

/// The tests of `on_every_reactor` and `on_every_executor` in a runtime of tokio.
#[macro_export]
macro_rules! on_tokio {
    ($promise:ident) => {
        #[test]
        #[cfg(feature = "tokio")]
        fn on_tokio_current_thread() {
            $crate::common::within_time(|| {
                $crate::common::current_thread().block_on(super::$promise())
            });
        }

        #[test]
        #[cfg(feature = "tokio")]
        fn on_tokio_multi_thread() {
            $crate::common::within_time(|| {
                $crate::common::multi_thread().block_on(super::$promise())
            });
        }
    };
}

/// Runs a test on a new thread. Aborts the process if the test exceeds [`TEST_TIMEOUT`].
pub fn within_time<R: Send>(test: impl FnOnce() -> R + Send) -> R {
    let (done, wait) = std::sync::mpsc::channel();
    std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("test".into());
        let thread = thread
            .spawn_scoped(scope, move || {
                let result = test();
                let _ = done.send(());
                result
            })
            .unwrap();
        if wait.recv_timeout(TEST_TIMEOUT) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            // A thread cannot be killed, and the scope would wait for it. The test harness captures the
            // output of `eprintln`, but not this.
            let _ = writeln!(std::io::stderr(), "the test hangs: it has run for {TEST_TIMEOUT:?}");
            std::process::abort();
        }
        match thread.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    })
}

pub fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

pub fn multi_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

pub fn without_io() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().build().unwrap()
}

/// A waker that counts its wake-ups.
#[derive(Default)]
pub struct Count(AtomicUsize);

impl Count {
    pub fn new() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (count.clone(), Waker::from(count))
    }

    pub fn get(&self) -> usize {
        self.0.load(Ordering::SeqCst)
    }

    /// Blocks the thread until there were `wakes` wake-ups.
    pub fn wait_for(&self, wakes: usize) {
        let start = std::time::Instant::now();
        while self.get() < wakes {
            assert!(start.elapsed() < TEST_TIMEOUT, "woken {} times, not {wakes}", self.get());
            std::thread::sleep(MS);
        }
    }

    /// Like [`wait_for`](Count::wait_for), for a test whose executor has to keep running meanwhile.
    pub async fn wait_for_async(&self, wakes: usize) {
        let start = std::time::Instant::now();
        while self.get() < wakes {
            assert!(start.elapsed() < TEST_TIMEOUT, "woken {} times, not {wakes}", self.get());
            dormouse::sleep(MS).await;
        }
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waker that calls a closure.
pub struct Call<F>(pub F);

impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

pub fn waker(f: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Call(f)))
}

/// Polls once with the given waker.
pub fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

/// Calls `attempt` with a time, and again with twice that time for as long as it returns `None`.
///
/// For setups that are complete only if they are faster than a timer: the machine may be busy with other processes,
/// and under a sanitizer everything is slower.
pub fn retry_with_longer_time<T>(
    mut time: Duration,
    mut attempt: impl FnMut(Duration) -> Option<T>,
) -> T {
    loop {
        if let Some(done) = attempt(time) {
            return done;
        }
        assert!(time < TEST_TIMEOUT, "not completed within {time:?}");
        time *= 2;
    }
}

/// A pending sleep of `duration`, or of a longer one if this thread does not poll it in time.
pub fn pending_for(duration: Duration, waker: &Waker) -> Sleep {
    retry_with_longer_time(duration, |duration| {
        let mut sleep = dormouse::sleep(duration);
        poll(&mut sleep, waker).is_pending().then_some(sleep)
    })
}

/// Runs a future and counts its polls.
pub async fn count_polls<F: Future>(future: F) -> (F::Output, usize) {
    let mut future = pin!(future);
    let mut polls = 0;
    let output = poll_fn(|cx| {
        polls += 1;
        future.as_mut().poll(cx)
    });
    let output = output.await;
    (output, polls)
}

/// Like `timeout`, but does not poll the future when the time is over. So it detects a lost wake-up, which the last poll
/// of `timeout` hides.
pub async fn strict_timeout<F: Future>(limit: Duration, future: F) -> Result<F::Output, TimedOut> {
    let (mut sleep, mut future) = (dormouse::sleep(limit), pin!(future));
    poll_fn(|cx| {
        if pin!(&mut sleep).poll(cx).is_ready() {
            return Poll::Ready(Err(TimedOut));
        }
        future.as_mut().poll(cx).map(Ok)
    })
    .await
}

/// The error of [`strict_timeout`].
#[derive(Debug)]
pub struct TimedOut;

/// Awaits a sleep, asserts that it did not fire early, and returns how late it was.
pub async fn assert_not_early<C: Clock>(sleep: Sleep<C>) -> Duration {
    let deadline = sleep.deadline();
    sleep.await;
    let now = C::now();
    assert!(now >= deadline, "early by {:?}", deadline - now);
    now - deadline
}

/// Sleeps, and waits in the reactor for it: the reactor has opened its fds afterwards. (A sleep of a millisecond may be due at
/// its first poll, on a busy machine.)
pub async fn sleep_in_reactor() {
    let pending = poll_fn(|cx| Poll::Ready(pending_for(MS / 2, cx.waker())));
    assert_not_early(pending.await).await;
}

/// Runs a future on each reactor: the argument is evaluated for each.
#[macro_export]
macro_rules! with_each_reactor {
    ($test:expr) => {
        $crate::common::within_time(|| dormouse::block_on($test));
        $crate::common::within_time(|| $crate::common::current_thread().block_on($test));
        $crate::common::within_time(|| $crate::common::multi_thread().block_on($test));
        $crate::common::within_time(|| smol::block_on($test));
    };
}

/// Runs each case in a child process: this test binary, started again with the ignored test of the same
/// name in the module `cases`.
#[macro_export]
macro_rules! each_in_a_child_process {
    ($($case:ident)*) => {$(
        #[test]
        fn $case() {
            let program = std::env::current_exe().unwrap();
            $crate::common::run_case(std::process::Command::new(program), stringify!($case));
        }
    )*};
}

/// Runs the ignored test `cases::<case>`. `program` is the command that takes the arguments of a test binary.
pub fn run_case(mut program: Command, case: &str) {
    let case = format!("cases::{case}");
    program.args(["--exact", &case, "--ignored", "--nocapture", "--test-threads=1"]);
    let output = program.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
