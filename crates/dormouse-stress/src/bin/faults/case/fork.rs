//! `fork` without `exec`: parent and child both continue. Safe code cannot call `fork`, so `scripts/faults-preload.c`
//! replaces `getppid`, which `std::os::unix::process::parent_id` calls, by a function that forks.

use crate::library::Library;
use crate::outcome::{FIRES, NEVER_FIRES, NOT_TRIED, SOME_NEVER_FIRE, and_then, survives};
use crate::tracked_sleep::{TrackedSleep, observe, some_sleeps};
use dormouse::io::AsyncFd;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// Returns 0 in the child, and the id of the child in the parent.
pub(super) fn fork() -> u32 {
    std::os::unix::process::parent_id()
}

/// The process forks while the library is in use. Child and parent continue, with old sleeps and new ones.
pub(super) fn used_before(library: Library) -> String {
    let _context = library.enter();
    let first = observe(&mut some_sleeps(library));
    let mut old = [TrackedSleep::new(library, 300), TrackedSleep::new(library, 600)];
    let registered = library.is_dormouse().then(|| RegisteredFd::new().expect("a reactor"));
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
    let parent = and_then(parent, || match registered {
        Some(registered) => registered.receives_readiness().unwrap_or_else(|err| err.to_string()),
        None => FIRES.to_owned(),
    });
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

/// A child drops an fd that its parent has registered. While the child lives, the peer reads the end of the stream
/// once the parent has dropped it too.
pub(super) fn dropped_in_the_child(library: Library) -> String {
    if !library.is_dormouse() {
        return NOT_TRIED.to_owned();
    }
    let _context = library.enter();
    let RegisteredFd { registered, mut peer } = RegisteredFd::new().expect("a reactor");
    peer.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
    let child = fork();
    if child == 0 {
        drop((registered, peer));
        std::thread::sleep(Duration::from_secs(20));
        exit_child(FIRES.to_owned());
    }
    std::thread::sleep(Duration::from_millis(100));
    drop(registered);
    let end = peer.read(&mut [0]);
    let _ = Pid::from_raw(child as i32)
        .map(|child| rustix::process::kill_process(child, rustix::process::Signal::KILL));
    if end.is_ok_and(|bytes| bytes == 0) { FIRES } else { "no end of the stream" }.to_owned()
}

/// One end of a socket pair.
pub(super) struct RegisteredFd {
    registered: AsyncFd<UnixStream>,
    peer: UnixStream,
}

impl RegisteredFd {
    pub(super) fn new() -> io::Result<RegisteredFd> {
        let (registered, peer) = UnixStream::pair()?;
        Ok(RegisteredFd { registered: AsyncFd::new(registered)?, peer })
    }

    /// Makes it readable, and reads again.
    pub(super) fn cause_event(&mut self) {
        let _ = self.peer.write(b"x");
        let _ = self.registered.get_ref().read(&mut [0; 8]);
    }

    pub(super) fn receives_readiness(mut self) -> io::Result<String> {
        let error = Arc::new(Mutex::new(None));
        let set = error.clone();
        let readable = async move {
            if let Err(err) = self.registered.readable().await {
                *set.lock().expect("no panic under this lock") = Some(err);
            }
        };
        let mut readable = TrackedSleep::from_sleep(Box::pin(readable), Instant::now());
        // Fails if the wait has ended with an error, and has dropped the other end.
        let _ = self.peer.write_all(b"x");
        let outcome = observe(std::slice::from_mut(&mut readable));
        if let Some(err) = error.lock().expect("no panic under this lock").take() {
            return Err(err);
        }
        Ok(if outcome == FIRES { outcome } else { NO_READINESS.to_owned() })
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
        let replaced = RegisteredFd::new().and_then(RegisteredFd::receives_readiness);
        replaced.unwrap_or_else(|err| err.to_string())
    }
}

const NO_READINESS: &str = "an fd receives no readiness";
const NO_FORK_ERROR: &str = "no error for an inherited fd";

pub(super) const CHILD_LEAKS: &str = "fds leak";
pub(super) const CHILD_SLOWER: &str = "sleeps cost more";
const CHILD_HANGS: &str = "hangs";

/// The outcomes that a child reports by its exit code.
const CHILD_OUTCOMES: [&str; 8] = [
    FIRES,
    NEVER_FIRES,
    SOME_NEVER_FIRE,
    NO_READINESS,
    NO_FORK_ERROR,
    CHILD_LEAKS,
    CHILD_SLOWER,
    CHILD_HANGS,
];

pub(super) fn exit_child(outcome: String) -> ! {
    // How late it is does not matter.
    let outcome = if survives(&outcome) { FIRES } else { &outcome };
    let code = CHILD_OUTCOMES.iter().position(|&known| known == outcome);
    std::process::exit(code.unwrap_or(CHILD_OUTCOMES.len()) as i32)
}

pub(super) fn wait_for_child(child: u32) -> String {
    let Some(pid) = Pid::from_raw(child as i32) else { return "no child".to_owned() };
    let until = Instant::now() + Duration::from_secs(30);
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
        std::thread::sleep(Duration::from_millis(1));
    }
    let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
    let _ = waitpid(Some(pid), WaitOptions::empty());
    CHILD_HANGS.to_owned()
}

fn report(parent: &str, child: &str) -> String {
    match (parent, child) {
        (FIRES, FIRES) => FIRES.to_owned(),
        (FIRES, child) => format!("child: {child}"),
        (parent, FIRES) => format!("parent: {parent}"),
        (parent, child) => format!("child: {child}; parent: {parent}"),
    }
}
