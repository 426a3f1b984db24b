//! Tokio runtimes that are idle, shut down, or built without a timer.

use crate::library::{Library, enter};
use crate::outcome::{FIRES, NEVER_FIRES};
use crate::tracked_sleep::{TrackedSleep, observe, some_sleeps};
use futures::stream::{FuturesUnordered, StreamExt};
use std::sync::mpsc;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Created inside a runtime that no thread drives, and polled by another executor.
pub(super) fn idle(library: Library) -> String {
    let runtime = current_thread();
    let time = Duration::from_millis(20);
    let due = Instant::now() + time;
    let sleep = {
        let _context = runtime.enter();
        (library.sleep)(time)
    };
    let outcome = observe(&mut [TrackedSleep::from_sleep(sleep, due)]);
    drop(runtime);
    outcome
}

/// The same, polled inside the context of the runtime.
pub(super) fn entered_idle(library: Library) -> String {
    let _context = enter(current_thread());
    observe(&mut some_sleeps(library))
}

/// Polled by a `current_thread` runtime, which needs no other thread. Libraries that are not tested inside tokio are
/// polled without a runtime.
pub(super) fn sleeps_in_block_on(library: Library) -> String {
    if !library.in_tokio {
        return observe(&mut some_sleeps(library));
    }
    current_thread().block_on(async {
        for ms in [0, 1, 5, 20, 50] {
            let due = Instant::now() + Duration::from_millis(ms);
            (library.sleep)(Duration::from_millis(ms)).await;
            assert!(Instant::now() >= due, "early");
        }
    });
    FIRES.to_owned()
}

/// Polled first by a runtime, and later by another executor.
pub(super) fn moved_out(library: Library) -> String {
    let runtime = current_thread();
    let mut sleeps = runtime.block_on(async { some_sleeps(library) });
    sleeps.iter_mut().for_each(TrackedSleep::poll);
    observe(&mut sleeps)
}

/// Polled inside a runtime that then shuts down.
pub(super) fn shutdown(library: Library) -> String {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut sleeps = {
        let _context = runtime.enter();
        some_sleeps(library)
    };
    runtime.shutdown_timeout(Duration::from_secs(1));
    observe(&mut sleeps)
}

/// Polled inside a runtime that is built without `enable_time` and `enable_io`.
pub(super) fn without_time(library: Library) -> String {
    let _context = enter(Builder::new_multi_thread().worker_threads(2).build().expect("a runtime"));
    observe(&mut some_sleeps(library))
}

/// Polled in the context of an idle runtime by a waker that has the address of one that the runtime has polled with.
pub(super) fn reused_waker(library: Library) -> String {
    let (done, is_done) = mpsc::channel();
    std::thread::spawn(move || {
        let some_sleeps = || async {
            let one = [(library.sleep)(Duration::from_millis(1))];
            let mut all: FuturesUnordered<_> = one.into_iter().collect();
            while all.next().await.is_some() {}
        };
        let runtime = current_thread();
        for _ in 0..100 {
            runtime.block_on(some_sleeps());
            let _context = runtime.enter();
            futures::executor::block_on(some_sleeps());
        }
        let _ = done.send(());
    });
    match is_done.recv_timeout(Duration::from_secs(6)) {
        Ok(()) => FIRES.to_owned(),
        Err(_) => NEVER_FIRES.to_owned(),
    }
}
