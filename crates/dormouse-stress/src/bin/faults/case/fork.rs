//! `fork` without `exec`: parent and child both continue. Safe code cannot call `fork`, so `scripts/faults-preload.c`
//! replaces `getpid`, which `std::process::id` calls, by a function that forks.

use crate::library::Library;
use crate::outcome::{FIRES, NEVER_FIRES, SOME_NEVER_FIRE, and_then};
use crate::tracked_sleep::{TrackedSleep, observe, some_sleeps};
use dormouse::io::AsyncFd;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Returns 0 in the child, and the id of the child in the parent.
fn fork() -> u32 {
    std::process::id()
}

/// The process forks while the library is in use. Child and parent continue, with old sleeps and new ones.
pub(super) fn used_before(library: Library) -> String {
    let _context = library.enter();
    let first = observe(&mut some_sleeps(library));
    let mut old = [TrackedSleep::new(library, 300), TrackedSleep::new(library, 600)];
    let registered = if library.is_dormouse() { Some(RegisteredFd::new()) } else { None };
    let child = fork();
    if child == 0 {
        // The child has no copies of the parent's other threads.
        old.iter_mut().for_each(TrackedSleep::poll);
        let outcome = and_then(observe(&mut some_sleeps(library)), || observe(&mut old));
        let outcome = and_then(outcome, || {
            registered.map_or(FIRES.to_owned(), RegisteredFd::rejects_and_replaces)
        });
        exit_child(outcome);
    }
    let parent = and_then(observe(&mut some_sleeps(library)), || observe(&mut old));
    let child = wait_for_child(child);
    // The child has deregistered its copy of the fd by now.
    let parent =
        and_then(parent, || registered.map_or(FIRES.to_owned(), RegisteredFd::receives_readiness));
    and_then(first, || report(&parent, &child))
}

/// The library is used for the first time after the fork: in the child, and then in the parent.
pub(super) fn unused_before(library: Library) -> String {
    let child = fork();
    let _context = if child == 0 { library.enter() } else { None };
    if child == 0 {
        exit_child(observe(&mut some_sleeps(library)));
    }
    let _context = library.enter();
    let parent = observe(&mut some_sleeps(library));
    report(&parent, &wait_for_child(child))
}

/// One end of a socket pair, registered before the fork.
struct RegisteredFd {
    registered: AsyncFd<UnixStream>,
    peer: UnixStream,
}

impl RegisteredFd {
    fn new() -> RegisteredFd {
        let (registered, peer) = UnixStream::pair().expect("a pair of sockets");
        RegisteredFd { registered: AsyncFd::new(registered).expect("a reactor"), peer }
    }

    fn receives_readiness(mut self) -> String {
        let mut readable = TrackedSleep::from_sleep(
            Box::pin(async move {
                drop(self.registered.readable().await.expect("readiness"));
            }),
            Instant::now(),
        );
        self.peer.write_all(b"x").expect("room");
        match observe(std::slice::from_mut(&mut readable)) {
            outcome if outcome == FIRES => outcome,
            _ => NO_READINESS.to_owned(),
        }
    }

    /// In the child: the inherited registration returns an error, and a new one works.
    fn rejects_and_replaces(self) -> String {
        let cx = &mut Context::from_waker(Waker::noop());
        match self.registered.poll_read_ready(cx) {
            Poll::Ready(Err(err)) if err.to_string().contains("child of a fork") => {}
            _ => return NO_FORK_ERROR.to_owned(),
        }
        // The parent still uses its socket pair, so the child registers another one.
        drop(self);
        RegisteredFd::new().receives_readiness()
    }
}

const NO_READINESS: &str = "an fd receives no readiness";
const NO_FORK_ERROR: &str = "no error for an inherited fd";

/// The outcomes that a child reports by its exit code.
const CHILD_OUTCOMES: [&str; 5] =
    [FIRES, NEVER_FIRES, SOME_NEVER_FIRE, NO_READINESS, NO_FORK_ERROR];

fn exit_child(outcome: String) -> ! {
    let code = CHILD_OUTCOMES.iter().position(|&known| known == outcome);
    std::process::exit(code.unwrap_or(CHILD_OUTCOMES.len()) as i32)
}

fn wait_for_child(child: u32) -> String {
    let Some(pid) = Pid::from_raw(child as i32) else { return "no child".to_owned() };
    let until = Instant::now() + Duration::from_secs(15);
    while Instant::now() < until {
        if let Ok(Some((_, status))) = waitpid(Some(pid), WaitOptions::NOHANG) {
            return match (status.exit_status(), status.terminating_signal()) {
                (Some(101), _) => "panics".to_owned(),
                (Some(code), _) if (code as usize) < CHILD_OUTCOMES.len() => {
                    CHILD_OUTCOMES[code as usize].to_owned()
                }
                (Some(code), _) => format!("ends with {code}"),
                (_, signal) => format!("dies of signal {}", signal.unwrap_or(0)),
            };
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    let _ = waitpid(Some(pid), WaitOptions::empty());
    "hangs".to_owned()
}

fn report(parent: &str, child: &str) -> String {
    match (parent, child) {
        (FIRES, FIRES) => FIRES.to_owned(),
        (FIRES, child) => format!("child: {child}"),
        (parent, FIRES) => format!("parent: {parent}"),
        (parent, child) => format!("child: {child}; parent: {parent}"),
    }
}
