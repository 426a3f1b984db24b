//! The faults that a program can bring about by itself, and what is asked of a library under those that come
//! from outside. Each is run in a process of its own, and ends by saying what it has seen.

mod fork;
mod runtime;
pub(crate) mod waker;

use crate::probe::{self, Probe, some, then, watch};
use crate::subject::Subject;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::cell::RefCell;
use std::fs::File;
use std::sync::OnceLock;
use std::time::Duration;

/// What precedes the finding in the output.
pub(crate) const VERDICT: &str = "verdict: ";

/// Ends the program with a finding.
pub(crate) fn conclude(finding: &str) -> ! {
    println!("{VERDICT}{finding}");
    std::process::exit(0)
}

pub(crate) type Case = fn(Subject) -> String;

pub(crate) const CASES: &[(&str, Case)] = &[
    ("sleeps", sleeps),
    ("sleeps-for-a-second", sleeps_for_a_second),
    ("sleeps-in-block-on", runtime::sleeps_in_block_on),
    ("sleeps-outside", |subject| watch(&mut some(subject))),
    ("clock", clock),
    ("for-ever", for_ever),
    ("no-fds", no_fds),
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
];

/// Some sleeps after others, and one given up.
fn sleeps(subject: Subject) -> String {
    let _context = subject.enter();
    let hour = Probe::new(subject, 3_600_000);
    let first = watch(&mut some(subject));
    drop(hour);
    then(first, || watch(&mut some(subject)))
}

/// The same, for long enough that something can happen meanwhile.
fn sleeps_for_a_second(subject: Subject) -> String {
    let _context = subject.enter();
    let mut seen = probe::FIRES.to_owned();
    for _ in 0..10 {
        seen = then(seen, || watch(&mut some(subject)));
    }
    seen
}

/// Some readings of the clock are wrong, this program's own too.
fn clock(subject: Subject) -> String {
    let _context = subject.enter();
    for _ in 0..5 {
        if let Some(missed) = probe::await_all(&mut some(subject)) {
            return missed;
        }
    }
    probe::FIRES.to_owned()
}

fn for_ever(subject: Subject) -> String {
    let _context = subject.enter();
    let mut naps = [Duration::MAX, Duration::from_secs(u64::MAX)].map(subject.sleep);
    for nap in &mut naps {
        probe::poll_with(nap, std::task::Waker::noop());
    }
    watch(&mut some(subject))
}

fn no_fds(subject: Subject) -> String {
    let _context = subject.enter();
    let limit = getrlimit(Resource::Nofile);
    if setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).is_err() {
        return "not tried: the limit cannot be set".to_owned();
    }
    let mut taken = Vec::new();
    while let Ok(file) = File::open("/dev/null") {
        taken.push(file);
    }
    watch(&mut some(subject))
}

/// Ends the program with sleeps pending, on this thread and another. That it has is what the caller sees.
fn exit(subject: Subject) -> String {
    let _context = subject.enter();
    let probes: Vec<_> = (0..1000).map(|ms| Probe::new(subject, 20 + ms)).collect();
    std::thread::spawn(move || watch(&mut some(subject)));
    std::thread::sleep(Duration::from_millis(10));
    std::mem::forget(probes);
    probe::EXITS.to_owned()
}

/// What is local to the main thread is dropped when `main` has returned.
fn end_of_main(subject: Subject) -> String {
    struct AtTheEnd(Subject, Vec<Probe>);
    impl Drop for AtTheEnd {
        fn drop(&mut self) {
            let found = watch(&mut self.1);
            println!("{VERDICT}{}", then(found, || watch(&mut some(self.0))));
        }
    }
    thread_local! {
        static AT_THE_END: RefCell<Option<AtTheEnd>> = const { RefCell::new(None) };
    }
    AT_THE_END.set(None);
    std::mem::forget(subject.enter());
    AT_THE_END.set(Some(AtTheEnd(subject, some(subject))));
    probe::FIRES.to_owned()
}

/// A destructor of the program's, as `atexit` runs it: what is local to the main thread is gone.
fn at_exit(subject: Subject) -> String {
    static SUBJECT: OnceLock<Subject> = OnceLock::new();
    extern "C" fn destructor() {
        if let Some(&subject) = SUBJECT.get() {
            println!("{VERDICT}{}", watch(&mut some(subject)));
        }
    }
    std::mem::forget(subject.enter());
    let _ = SUBJECT.set(subject);
    let seen = watch(&mut some(subject));
    if !shutdown_hooks::add_shutdown_hook(destructor) {
        return "not tried: no destructor can be had".to_owned();
    }
    seen
}
