//! The cases: faults that a program can cause itself, and workloads for faults that are injected from outside. Each
//! runs in its own process and returns an outcome.

mod fork;
mod generations;
mod host;
mod limit;
mod runtime;
mod sandbox;
mod waker;

use crate::library::Library;
use crate::outcome::{EXITS, FIRES, PREFIX, and_then};
use crate::tracked_sleep::{TrackedSleep, observe, poll_with, some_sleeps, wait_for_all};
use std::cell::RefCell;
use std::sync::OnceLock;
use std::task::Waker;
use std::time::Duration;

pub(crate) type Case = fn(Library) -> String;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("sleeps", sleeps),
    ("sleeps-for-a-second", sleeps_for_a_second),
    ("sleeps-in-block-on", runtime::sleeps_in_block_on),
    ("sleeps-outside", |library| observe(&mut some_sleeps(library))),
    ("clock", clock),
    ("longest-sleeps", longest_sleeps),
    ("no-fds", limit::no_fds),
    ("exit", exit),
    ("end-of-main", end_of_main),
    ("at-exit", at_exit),
    ("idle-runtime", runtime::idle),
    ("entered-idle-runtime", runtime::entered_idle),
    ("moved-out-of-runtime", runtime::moved_out),
    ("shutdown", runtime::shutdown),
    ("without-time", runtime::without_time),
    ("panicking-waker", waker::panicking),
    ("slow-waker", waker::slow),
    ("storm", waker::storm),
    ("fork", fork::used_before),
    ("fork-unused", fork::unused_before),
    ("reused-waker", runtime::reused_waker),
    ("accept", limit::accept),
    ("fork-drop", fork::dropped_in_the_child),
    ("fork-busy", generations::while_busy),
    ("fork-daemon", generations::daemon),
    ("fork-generations", generations::many),
    ("signalfd", host::signalfd),
    ("bound-thread", host::bound_thread),
    ("idle-thread", host::idle_thread),
    ("user-namespace", host::user_namespace),
    ("time-namespace", host::time_namespace),
    ("sandbox-start", sandbox::from_the_start),
    ("sandbox-later", sandbox::later),
    ("sandbox-first-thread", sandbox::in_the_first_thread),
    ("sandbox-other-thread", sandbox::in_another_thread),
];

/// Some sleeps after others, and one that is dropped while pending.
fn sleeps(library: Library) -> String {
    let _context = library.enter();
    let hour = TrackedSleep::new(library, 3_600_000);
    let first = observe(&mut some_sleeps(library));
    drop(hour);
    and_then(first, || observe(&mut some_sleeps(library)))
}

/// The same for a second, so that faults can happen meanwhile.
fn sleeps_for_a_second(library: Library) -> String {
    let _context = library.enter();
    let mut outcome = FIRES.to_owned();
    for _ in 0..10 {
        outcome = and_then(outcome, || observe(&mut some_sleeps(library)));
    }
    outcome
}

/// Some readings of the clock are wrong, those of this program too. So only that the sleeps fire is checked.
fn clock(library: Library) -> String {
    let _context = library.enter();
    for _ in 0..5 {
        if let Some(outcome) = wait_for_all(&mut some_sleeps(library)) {
            return outcome;
        }
    }
    FIRES.to_owned()
}

fn longest_sleeps(library: Library) -> String {
    let _context = library.enter();
    let mut sleeps = [Duration::MAX, Duration::from_secs(u64::MAX)].map(library.sleep);
    for sleep in &mut sleeps {
        poll_with(sleep, Waker::noop());
    }
    observe(&mut some_sleeps(library))
}

/// Exits with sleeps pending, on this thread and another. The caller sees whether the process exits.
fn exit(library: Library) -> String {
    let _context = library.enter();
    let sleeps: Vec<_> = (0..1000).map(|ms| TrackedSleep::new(library, 20 + ms)).collect();
    std::thread::spawn(move || observe(&mut some_sleeps(library)));
    std::thread::sleep(Duration::from_millis(10));
    std::mem::forget(sleeps);
    EXITS.to_owned()
}

/// Thread-locals of the main thread are dropped after `main` has returned.
fn end_of_main(library: Library) -> String {
    struct ObserveOnDrop(Library, Vec<TrackedSleep>);
    impl Drop for ObserveOnDrop {
        fn drop(&mut self) {
            let outcome = observe(&mut self.1);
            println!("{PREFIX}{}", and_then(outcome, || observe(&mut some_sleeps(self.0))));
        }
    }
    thread_local! {
        static AT_THE_END: RefCell<Option<ObserveOnDrop>> = const { RefCell::new(None) };
    }
    AT_THE_END.set(None);
    std::mem::forget(library.enter());
    AT_THE_END.set(Some(ObserveOnDrop(library, some_sleeps(library))));
    FIRES.to_owned()
}

/// An `atexit` handler runs when the thread-locals of the main thread are gone.
fn at_exit(library: Library) -> String {
    static LIBRARY: OnceLock<Library> = OnceLock::new();
    extern "C" fn handler() {
        if let Some(&library) = LIBRARY.get() {
            println!("{PREFIX}{}", observe(&mut some_sleeps(library)));
        }
    }
    std::mem::forget(library.enter());
    let _ = LIBRARY.set(library);
    let outcome = observe(&mut some_sleeps(library));
    if !shutdown_hooks::add_shutdown_hook(handler) {
        return "not tried: the handler cannot be registered".to_owned();
    }
    outcome
}
