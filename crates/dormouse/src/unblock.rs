//! Blocking work of this crate on other threads, as a future.
//!
//! It does not know what the work is. It uses the threads of `blocking.rs` on every executor: a tokio runtime waits at its
//! shutdown for the work in its own pool, and an executor of the program need not have such threads.
//!
//! # Invariants
//! - Work that has not begun when its future is dropped is not done. Work that has begun runs to its end.
//! - A result is stored under the lock under which the waker is stored. So either the poll finds the result, or the thread
//!   finds the waker.

pub(crate) use crate::blocking::Kind;

use crate::blocking;
use crate::catch_panic::{catch_panic, wake};
use crate::sync::{Mutex, lock};
use crate::virtual_clock::BusyGuard;
use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

/// Calls `work` on another thread, and waits for its result. Virtual time waits too, and so does tokio's paused
/// clock.
///
/// # Errors
/// If no thread can be started, or the work panics.
pub(crate) async fn unblock<T: Send + 'static>(
    kind: Kind,
    work: impl FnOnce() -> T + Send + 'static,
) -> io::Result<T> {
    let job = Arc::new(Job::default());
    let runs = job.clone();
    let work = Box::new(move || runs.run(work));
    blocking::run(kind, work).map_err(|(err, _work)| err)?;
    // After the work has a thread: tokio's clock would stand still if the system refused tokio one.
    let _busy = BusyGuard::begin();
    poll_fn(|cx| job.poll(cx)).await
}

/// What the future and the thread share.
struct Job<T>(Mutex<Outcome<T>>);

struct Outcome<T> {
    /// `Some(None)` if the work has panicked.
    result: Option<Option<T>>,
    waker: Option<Waker>,
}

impl<T> Default for Job<T> {
    fn default() -> Job<T> {
        Job(Mutex::new(Outcome { result: None, waker: None }))
    }
}

impl<T> Job<T> {
    /// On the other thread.
    fn run(self: Arc<Self>, work: impl FnOnce() -> T) {
        if Arc::strong_count(&self) == 1 {
            return; // the future was dropped
        }
        let mut result = None;
        catch_panic(|| result = Some(work()));
        let mut outcome = lock(&self.0);
        outcome.result = Some(result);
        let waker = outcome.waker.take();
        drop(outcome);
        waker.into_iter().for_each(wake);
    }

    fn poll(&self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        let waker = cx.waker().clone();
        let mut outcome = lock(&self.0);
        let Some(result) = outcome.result.take() else {
            let former = outcome.waker.replace(waker);
            drop(outcome);
            drop(former);
            return Poll::Pending;
        };
        drop(outcome);
        Poll::Ready(result.ok_or_else(|| io::Error::other("the blocking work has panicked")))
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn the_result_of_blocking_work_is_returned() {
        assert_eq!(crate::block_on(unblock(Kind::Lookup, || 7)).unwrap(), 7);
        assert_eq!(futures::executor::block_on(unblock(Kind::Lookup, || 7)).unwrap(), 7);
    }

    #[test]
    fn work_does_not_block_the_thread_that_waits_for_it() {
        let (go_on, wait) = std::sync::mpsc::channel();
        let work = unblock(Kind::Lookup, move || wait.recv_timeout(Duration::from_secs(20)));
        // The same thread polls `other` after it has polled `work`, and the work waits for it.
        let other = async { go_on.send(7).unwrap() };
        let (done, ()) = futures::executor::block_on(async { futures::join!(work, other) });
        assert_eq!(done.unwrap(), Ok(7));
    }

    #[test]
    fn work_that_panics_is_an_error_and_the_pool_goes_on() {
        let error = crate::block_on(unblock(Kind::Lookup, || panic!("of the test"))).unwrap_err();
        assert!(error.to_string().contains("panicked"), "{error}");
        assert_eq!(crate::block_on(unblock(Kind::Lookup, || 7)).unwrap(), 7);
    }

    #[test]
    fn work_whose_future_was_dropped_before_it_began_is_not_done() {
        let job: Arc<Job<()>> = Arc::new(Job::default());
        job.run(|| panic!("the future was dropped"));
    }

    #[test]
    #[cfg(feature = "tokio")]
    fn a_tokio_runtime_shuts_down_while_work_goes_on() {
        use std::sync::mpsc;

        let (go_on, wait) = mpsc::channel::<()>();
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let (began, begins) = mpsc::channel();
        runtime.spawn(unblock(Kind::Lookup, move || {
            began.send(()).unwrap();
            let _ = wait.recv();
        }));
        begins.recv_timeout(Duration::from_secs(20)).unwrap();
        drop(runtime);
        go_on.send(()).unwrap();
    }

    #[test]
    #[cfg(feature = "test-util")]
    fn virtual_time_waits_for_work() {
        use std::sync::mpsc;
        use std::time::Instant;

        let time = crate::VirtualTime::new();
        // Time gives up after a second. On a machine so busy that the work takes longer, the test is repeated.
        let waited = (0..10).any(|_| {
            let begun = Instant::now();
            let hour = Duration::from_secs(3600);
            let work = || std::thread::sleep(Duration::from_millis(20));
            let in_time = time.block_on(async {
                crate::timeout(hour, unblock(Kind::Lookup, work)).await.is_ok()
            });
            assert!(in_time || begun.elapsed() > Duration::from_millis(900));
            in_time
        });
        assert!(waited);
        let (_never, wait) = mpsc::channel::<()>();
        let hour = Duration::from_secs(3600);
        let hangs = async {
            crate::timeout(hour, unblock(Kind::Lookup, move || wait.recv())).await.is_err()
        };
        assert!(time.block_on(hangs), "time gives up on work that hangs");
    }

    /// A timeout around a getaddrinfo(3) that takes 20 ms does not run out.
    #[test]
    #[cfg(all(feature = "test-util", feature = "tokio"))]
    fn the_paused_clock_of_tokio_waits_for_work() {
        use std::time::Instant;

        let hour = Duration::from_secs(3600);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap();
        // As in `virtual_time_waits_for_work`.
        let waited = (0..10).any(|_| {
            let begun = Instant::now();
            let work = || std::thread::sleep(Duration::from_millis(20));
            let in_time = runtime.block_on(async {
                let start = crate::time::Instant::now();
                let done = crate::timeout(hour, unblock(Kind::Lookup, work)).await.is_ok();
                let in_time = done && start.elapsed() == Duration::ZERO;
                crate::sleep(hour).await; // the clock advances again
                in_time
            });
            assert!(in_time || begun.elapsed() > Duration::from_millis(900));
            in_time
        });
        assert!(waited);
    }
}
