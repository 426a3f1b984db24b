//! Executors, time limits and servers for the tests.
#![allow(
    dead_code,
    unused_macros,
    unused_imports,
    reason = "each set of features uses a part of them"
)]

#[cfg(all(feature = "netlink_sys_0_9", target_os = "linux"))]
mod full;
#[cfg(target_os = "linux")]
mod server;
#[cfg(all(feature = "netlink_sys_0_9", target_os = "linux"))]
pub(crate) use full::*;
#[cfg(target_os = "linux")]
pub(crate) use server::*;

use std::io::Write;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::task::{Context, Poll, Wake};
use std::time::Duration;

/// The time limit of a test: long enough for a loaded machine, so a test that exceeds it hangs.
const TEST_TIMEOUT: Duration = Duration::from_secs(100);

/// Generates one test per executor from an async fn, in a module with the name of that fn.
macro_rules! on_every_executor {
    ($($promise:ident)*) => {$(
        mod $promise {
            use $crate::common::{current_thread, multi_thread, within_time};

            #[test]
            fn on_tokio_multi_thread() {
                within_time(|| multi_thread().block_on(super::$promise()));
            }

            #[test]
            fn on_tokio_current_thread() {
                within_time(|| current_thread().block_on(super::$promise()));
            }

            #[test]
            fn on_smol() {
                within_time(|| smol::block_on(super::$promise()));
            }

            #[test]
            fn without_an_executor() {
                within_time(|| dormouse::block_on(super::$promise()));
            }
        }
    )*};
}
pub(crate) use on_every_executor;

pub(crate) fn multi_thread() -> tokio::runtime::Runtime {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.worker_threads(2).enable_all().build().unwrap()
}

pub(crate) fn current_thread() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap()
}

/// Runs a test on a new thread. Aborts the process if the test exceeds [`TEST_TIMEOUT`].
pub(crate) fn within_time(test: impl FnOnce() + Send) {
    let (done, wait) = channel();
    std::thread::scope(|scope| {
        let thread = scope.spawn(move || {
            test();
            let _ = done.send(());
        });
        if wait.recv_timeout(TEST_TIMEOUT) == Err(RecvTimeoutError::Timeout) {
            note(&format!("the test hangs: it has run for {TEST_TIMEOUT:?}"));
            std::process::abort();
        }
        if let Err(panic) = thread.join() {
            std::panic::resume_unwind(panic);
        }
    });
}

/// Notes that it was woken.
#[derive(Default)]
struct Flag(AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, SeqCst);
    }
}

/// Polls with two wakers, as a future that moves between tasks does. After `make_ready`, the second waker has to be woken,
/// and a poll has to be ready in the end. Returns its result.
pub(crate) async fn the_last_waker_is_woken<T, R>(
    mut poll: impl FnMut(&mut Context<'_>) -> Poll<T>,
    make_ready: impl FnOnce() -> R,
) -> T {
    let flags: [Arc<Flag>; 2] = Default::default();
    for flag in &flags {
        assert!(poll(&mut Context::from_waker(&flag.clone().into())).is_pending());
    }
    let _ = make_ready();
    let [_, last] = flags;
    loop {
        while !last.0.swap(false, SeqCst) {
            dormouse::sleep(Duration::from_millis(1)).await;
        }
        if let Poll::Ready(result) = poll(&mut Context::from_waker(&last.clone().into())) {
            return result;
        }
    }
}

/// The test harness captures the output of `eprintln`, but not this.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
