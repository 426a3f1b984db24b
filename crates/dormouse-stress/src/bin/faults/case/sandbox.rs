//! System calls that are refused for good, by a seccomp filter: `scripts/faults-preload.c` installs it when
//! `std::os::unix::process::parent_id` is called. A filter belongs to a thread, and to the threads that it starts afterwards.
//!
//! Timers have to fire. For dormouse, fds are tried too: they work, or return an error that names the system call.

use super::fork::RegisteredFd;
use crate::library::Library;
use crate::outcome::{FIRES, and_then};
use crate::tracked_sleep::{TrackedSleep, observe, some_sleeps};
use futures::channel::oneshot;
use std::io;
use std::sync::mpsc;
use std::time::Duration;

/// Installs the filter.
fn forbid() {
    let _ = std::os::unix::process::parent_id();
}

/// Before the first use of the library, in all threads.
pub(super) fn from_the_start(library: Library) -> String {
    forbid();
    let _context = library.enter();
    used_in_the_sandbox(library)
}

/// While the library is in use, in all threads.
pub(super) fn later(library: Library) -> String {
    let _context = library.enter();
    let before = UsedBefore::new(library);
    forbid();
    let outcome = used_in_the_sandbox(library);
    and_then(outcome, || before.outcome(library))
}

/// In one thread, which is the first to use the library. The main thread uses it afterwards.
pub(super) fn in_the_first_thread(library: Library) -> String {
    let sandboxed = move || {
        forbid();
        let _context = library.enter();
        used_in_the_sandbox(library)
    };
    let inside = std::thread::spawn(sandboxed).join().unwrap_or_else(|_| "panics".to_owned());
    let _context = library.enter();
    and_then(inside, || used_in_the_sandbox(library))
}

/// In one thread, which uses the library after the main thread has.
pub(super) fn in_another_thread(library: Library) -> String {
    let _context = library.enter();
    let before = UsedBefore::new(library);
    let runtime = tokio::runtime::Handle::try_current().ok();
    let waiting = WaitingThread::start();
    let sandboxed = move || {
        forbid();
        let _context = runtime.as_ref().map(tokio::runtime::Handle::enter);
        and_then(used_in_the_sandbox(library), || {
            if library.is_dormouse() { wakes_a_block_on(waiting) } else { FIRES.to_owned() }
        })
    };
    let inside = std::thread::spawn(sandboxed).join().unwrap_or_else(|_| "panics".to_owned());
    and_then(inside, || and_then(before.outcome(library), || used_in_the_sandbox(library)))
}

fn used_in_the_sandbox(library: Library) -> String {
    let outcome = observe(&mut some_sleeps(library));
    if !library.is_dormouse() {
        return outcome;
    }
    and_then(outcome, || {
        works_or_names_the_call(RegisteredFd::new().and_then(RegisteredFd::receives_readiness))
    })
}

/// A thread without a filter, in [`dormouse::block_on`].
struct WaitingThread {
    wake: oneshot::Sender<()>,
    ended: mpsc::Receiver<()>,
}

impl WaitingThread {
    fn start() -> WaitingThread {
        let (wake, woken) = oneshot::channel();
        let (end, ended) = mpsc::channel();
        std::thread::spawn(move || {
            dormouse::block_on(async {
                // Now it waits in the builtin reactor, not in `park`.
                dormouse::sleep(Duration::from_millis(1)).await;
                let _ = woken.await;
            });
            let _ = end.send(());
        });
        // So that it waits, and its fds exist.
        std::thread::sleep(Duration::from_millis(20));
        WaitingThread { wake, ended }
    }
}

/// Called in the sandbox.
fn wakes_a_block_on(thread: WaitingThread) -> String {
    let _ = thread.wake.send(());
    match thread.ended.recv_timeout(Duration::from_secs(6)) {
        Ok(()) => FIRES.to_owned(),
        Err(_) => "a wake-up of `block_on` is lost".to_owned(),
    }
}

fn works_or_names_the_call(result: io::Result<String>) -> String {
    let err = match result {
        Ok(outcome) => return outcome,
        Err(err) => err,
    };
    let message = err.to_string();
    let forbidden = std::env::var("FAULTS_FORBID").unwrap_or_default();
    // The name without its version.
    let names = |call: &str| {
        let call = call.trim_end_matches(|char: char| char.is_ascii_digit());
        message.contains(call) || (call == "clone" && message.contains("thread"))
    };
    if err.kind() == io::ErrorKind::WouldBlock {
        return format!("an error that is WouldBlock: {message}");
    }
    if forbidden.split(',').any(names) {
        FIRES.to_owned()
    } else {
        format!("an error that names no call: {message}")
    }
}

/// Sleeps and an fd that are in use when the filter is installed.
struct UsedBefore {
    sleeps: [TrackedSleep; 2],
    registered: Option<RegisteredFd>,
}

impl UsedBefore {
    fn new(library: Library) -> UsedBefore {
        let first = observe(&mut some_sleeps(library));
        assert_eq!(first, FIRES, "without a filter");
        let registered = library.is_dormouse().then(|| RegisteredFd::new().expect("a reactor"));
        UsedBefore { sleeps: [200, 400].map(|ms| TrackedSleep::new(library, ms)), registered }
    }

    fn outcome(mut self, _: Library) -> String {
        let outcome = observe(&mut self.sleeps);
        and_then(outcome, || match self.registered {
            Some(registered) => works_or_names_the_call(registered.receives_readiness()),
            None => FIRES.to_owned(),
        })
    }
}
