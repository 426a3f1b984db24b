//! Tokio runtimes that do not do what they are there for.

use crate::probe::{FIRES, Probe, some, watch};
use crate::subject::{Subject, enter};
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Runtime};

fn current_thread() -> Runtime {
    Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// Created inside a runtime, and polled by another executor while nobody drives that runtime.
pub(super) fn idle(subject: Subject) -> String {
    let runtime = current_thread();
    let time = Duration::from_millis(20);
    let due = Instant::now() + time;
    let nap = {
        let _context = runtime.enter();
        (subject.sleep)(time)
    };
    let found = watch(&mut [Probe::of(nap, due)]);
    drop(runtime);
    found
}

/// The same, polled inside the context of the runtime.
pub(super) fn entered_idle(subject: Subject) -> String {
    let _context = enter(current_thread());
    watch(&mut some(subject))
}

/// Polled by a runtime of one thread, which needs no other. (Who is not for a runtime does without.)
pub(super) fn sleeps_in_block_on(subject: Subject) -> String {
    if !subject.in_tokio {
        return watch(&mut some(subject));
    }
    current_thread().block_on(async {
        for ms in [0, 1, 5, 20, 50] {
            let due = Instant::now() + Duration::from_millis(ms);
            (subject.sleep)(Duration::from_millis(ms)).await;
            assert!(Instant::now() >= due, "early");
        }
    });
    FIRES.to_owned()
}

/// Polled by a runtime first, and by another executor later.
pub(super) fn moved_out(subject: Subject) -> String {
    let runtime = current_thread();
    let mut probes = runtime.block_on(async { some(subject) });
    probes.iter_mut().for_each(Probe::poll);
    watch(&mut probes)
}

/// Polled by a runtime that then ends.
pub(super) fn shutdown(subject: Subject) -> String {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let mut probes = {
        let _context = runtime.enter();
        some(subject)
    };
    runtime.shutdown_timeout(Duration::from_secs(1));
    watch(&mut probes)
}

/// Polled inside a runtime whose builder has enabled nothing.
pub(super) fn without_time(subject: Subject) -> String {
    let _context = enter(Builder::new_multi_thread().worker_threads(2).build().expect("a runtime"));
    watch(&mut some(subject))
}
