//! What the tests share.
#![allow(dead_code, missing_docs, unreachable_pub, reason = "each test file uses its part")]

pub mod stream;

use dormouse::clock::Clock;
use dormouse::time::Sleep;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use rustix::time::TimerfdClockId;
use std::future::{Future, poll_fn};
use std::io::Write;
use std::os::fd::OwnedFd;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

pub const MS: Duration = Duration::from_millis(1);

/// Long enough for anything on a loaded machine: what takes longer hangs.
pub const HANG: Duration = Duration::from_secs(30);

/// One test a reactor, each named after it, from one async fn.
#[macro_export]
macro_rules! on_every_reactor {
    ($($promise:ident)*) => {$(
        mod $promise {
            #[test]
            fn without_an_executor() {
                $crate::common::within_time(|| dormouse::block_on(super::$promise()));
            }

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

/// Runs a test on a thread of its own, and fails if it hangs.
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
        if wait.recv_timeout(HANG) == Err(std::sync::mpsc::RecvTimeoutError::Timeout) {
            // The thread cannot be ended, and the scope would wait for it. Not `eprintln`, which the test
            // harness would keep to itself.
            let _ = writeln!(std::io::stderr(), "the test hangs: it has run for {HANG:?}");
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

/// A waker that counts.
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

    /// Waits until it has been woken this often.
    pub fn wait_for(&self, wakes: usize) {
        let start = std::time::Instant::now();
        while self.get() < wakes {
            assert!(start.elapsed() < HANG, "woken {} times of {wakes}", self.get());
            std::thread::sleep(MS);
        }
    }

    /// The same for a test whose executor has to run on meanwhile.
    pub async fn wait_for_async(&self, wakes: usize) {
        let start = std::time::Instant::now();
        while self.get() < wakes {
            assert!(start.elapsed() < HANG, "woken {} times of {wakes}", self.get());
            dormouse::sleep(MS).await;
        }
    }
}

impl Wake for Count {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// A waker that does something.
pub struct Call<F>(pub F);

impl<F: Fn() + Send + Sync + 'static> Wake for Call<F> {
    fn wake(self: Arc<Self>) {
        (self.0)();
    }
}

pub fn waker(f: impl Fn() + Send + Sync + 'static) -> Waker {
    Waker::from(Arc::new(Call(f)))
}

/// Polls once, with this waker.
pub fn poll<F: Future + Unpin>(future: &mut F, waker: &Waker) -> Poll<F::Output> {
    pin!(future).poll(&mut Context::from_waker(waker))
}

/// Does what has to be done in a time, and does it anew with twice the time where the machine was too slow: others may
/// have it to themselves for a while, and under a checker of memory or threads everything takes longer.
pub fn in_time<T>(mut time: Duration, mut attempt: impl FnMut(Duration) -> Option<T>) -> T {
    loop {
        if let Some(done) = attempt(time) {
            return done;
        }
        assert!(time < HANG, "not done in {time:?}");
        time *= 2;
    }
}

/// A sleep that waits, of that duration if this thread polls it in time.
pub fn pending_for(duration: Duration, waker: &Waker) -> Sleep {
    in_time(duration, |duration| {
        let mut sleep = dormouse::sleep(duration);
        poll(&mut sleep, waker).is_pending().then_some(sleep)
    })
}

/// Runs a future, and counts its polls.
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

/// Waits for a sleep, and asserts that it was not early. Returns how late it was.
pub async fn never_early<C: Clock>(sleep: Sleep<C>) -> Duration {
    let deadline = sleep.deadline();
    sleep.await;
    let now = C::now();
    assert!(now >= deadline, "early by {:?}", deadline - now);
    now - deadline
}

/// The names of this process's threads.
pub fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let comm = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    };
    tasks.filter_map(comm).map(|name| name.trim_end().to_owned()).collect()
}

/// The number of open fds of this process.
pub fn fds() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// What the kernel tells of the timerfds of this process by that clock: each as in `/proc/self/fdinfo`.
pub fn timerfds(clock: TimerfdClockId) -> Vec<String> {
    let files = std::fs::read_dir("/proc/self/fdinfo").unwrap();
    let told = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    let clock = format!("clockid: {}\n", clock as u32);
    told.filter(|told| told.contains(&clock)).collect()
}

/// Runs each of these cases in a process of its own: this program, called again with the ignored test
/// of that name in the module `cases`.
#[macro_export]
macro_rules! each_in_a_process_of_its_own {
    ($($case:ident)*) => {$(
        #[test]
        fn $case() {
            let program = std::env::current_exe().unwrap();
            $crate::common::run_case(std::process::Command::new(program), stringify!($case));
        }
    )*};
}

/// Runs the ignored test `cases::<case>` by a command that is to be given the test's arguments.
pub fn run_case(mut program: Command, case: &str) {
    let case = format!("cases::{case}");
    program.args(["--exact", &case, "--ignored", "--nocapture", "--test-threads=1"]);
    let output = program.output().unwrap();
    let text = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// Takes all fds that the process may have.
pub fn take_all_fds() -> Vec<OwnedFd> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file.into());
    }
    taken
}
