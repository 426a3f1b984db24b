//! Programs that fork often: while other threads are busy, twice as a daemon does, and generation after generation.

use super::fork::{CHILD_LEAKS, CHILD_SLOWER, RegisteredFd, exit_child, fork, wait_for_child};
use crate::library::Library;
use crate::outcome::{FIRES, and_then};
use crate::tracked_sleep::{TrackedSleep, observe, poll_with, some_sleeps};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::task::Waker;
use std::time::{Duration, Instant};
use tokio::runtime::{Builder, Handle};

/// How many children the busy process has.
const CHILDREN: usize = 600;
/// Each is the child of the one before.
const GENERATIONS: usize = 100;
/// The cost of sleeps is that of the fastest of so many generations.
const COMPARED: usize = 20;
/// The fds of async-io and of tokio that all later generations inherit exist by then.
const SETTLED: usize = 3;

/// The process forks while two threads use the library. Each child uses it too.
pub(super) fn while_busy(library: Library) -> String {
    let _context = library.enter();
    let first = observe(&mut some_sleeps(library));
    for _ in 0..2 {
        let runtime = Handle::try_current().ok();
        std::thread::spawn(move || {
            let _context = runtime.as_ref().map(Handle::enter);
            let mut fds = library.is_dormouse().then(|| RegisteredFd::new().expect("a reactor"));
            loop {
                poll_with(&mut (library.sleep)(Duration::from_micros(50)), Waker::noop());
                if let Some(fds) = &mut fds {
                    fds.cause_event();
                }
            }
        });
    }
    let mut outcome = first;
    for _ in 0..CHILDREN {
        outcome = and_then(outcome, || {
            let child = fork();
            if child == 0 {
                exit_child(observe(&mut [TrackedSleep::new(library, 1)]));
            }
            match wait_for_child(child) {
                child if child == FIRES => child,
                child => format!("child: {child}"),
            }
        });
    }
    outcome
}

/// Forks twice, and the grandchild continues after its parent has exited.
pub(super) fn daemon(library: Library) -> String {
    let _context = library.enter();
    let first = observe(&mut some_sleeps(library));
    let (mut ours, mut theirs) = UnixStream::pair().expect("a pair of sockets");
    if fork() == 0 {
        let child = observe(&mut some_sleeps(library));
        if fork() == 0 {
            std::thread::sleep(Duration::from_millis(20));
            let outcome = and_then(child, || observe(&mut some_sleeps(library)));
            let outcome = and_then(outcome, || {
                if !library.is_dormouse() {
                    return FIRES.to_owned();
                }
                let fd = RegisteredFd::new().and_then(RegisteredFd::receives_readiness);
                fd.unwrap_or_else(|err| err.to_string())
            });
            let _ = theirs.write_all(outcome.as_bytes());
        }
        std::process::exit(0);
    }
    drop(theirs);
    let mut daemon = String::new();
    let _ = ours.set_read_timeout(Some(Duration::from_secs(20)));
    let _ = ours.read_to_string(&mut daemon);
    and_then(first, || if daemon == FIRES { daemon } else { format!("daemon: {daemon}") })
}

/// Each generation uses the library and forks the next one. The last one has no more fds than an early one, and
/// its sleeps cost no more.
pub(super) fn many(library: Library) -> String {
    let mut early_fds = usize::MAX;
    // The fastest of the early generations, and of the late ones: other processes may use the processor.
    let (mut early, mut late) = (Duration::MAX, Duration::MAX);
    for generation in 0..=GENERATIONS {
        let (outcome, cost) = in_a_runtime(library, || {
            (observe(&mut [TrackedSleep::new(library, 1)]), cost_of_sleeps(library))
        });
        let fds = std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        match generation {
            SETTLED => early_fds = fds,
            _ if generation < COMPARED => early = early.min(cost),
            _ if generation > GENERATIONS - COMPARED => late = late.min(cost),
            _ => {}
        }
        let outcome =
            and_then(outcome, || if fds > early_fds { CHILD_LEAKS } else { FIRES }.to_owned());
        let outcome = and_then(outcome, || {
            let slower = generation == GENERATIONS && late > early * 4;
            if slower { CHILD_SLOWER } else { FIRES }.to_owned()
        });
        if generation == GENERATIONS || outcome != FIRES {
            exit_child(outcome);
        }
        let child = fork();
        if child != 0 {
            let outcome = wait_for_child(child);
            if generation == 0 {
                return outcome;
            }
            exit_child(outcome);
        }
    }
    unreachable!("the last generation exits")
}

/// tokio's runtimes do not survive a fork, so each generation has its own.
fn in_a_runtime<T>(library: Library, call: impl FnOnce() -> T) -> T {
    if !library.in_tokio {
        return call();
    }
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.expect("a runtime");
    let _context = runtime.enter();
    call()
}

/// Of a thousand sleeps that are created, polled and dropped: the fastest of some rounds.
fn cost_of_sleeps(library: Library) -> Duration {
    let round = |_| {
        let start = Instant::now();
        for _ in 0..1000 {
            poll_with(&mut (library.sleep)(Duration::from_secs(3600)), Waker::noop());
        }
        start.elapsed()
    };
    (0..5).map(round).min().unwrap_or_default()
}
