//! `fork`, and a child that goes on. The system call is made by `lab/faults.c`, which has `getpid` fork.

use crate::probe::{FIRES, Probe, some, then, watch};
use crate::subject::Subject;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::time::{Duration, Instant};

/// The library is in use when the process forks. Child and parent go on, with old sleeps and new ones.
pub(super) fn used_before(subject: Subject) -> String {
    let _context = subject.enter();
    let first = watch(&mut some(subject));
    let mut old = [Probe::new(subject, 300), Probe::new(subject, 600)];
    let child = std::process::id();
    if child == 0 {
        // Nobody of those who were in the parent is here.
        old.iter_mut().for_each(Probe::poll);
        in_the_child(then(watch(&mut some(subject)), || watch(&mut old)));
    }
    let parent = then(watch(&mut some(subject)), || watch(&mut old));
    then(first, || report(&parent, &of_the_child(child)))
}

/// The library is used in the child, and later in the parent, for the first time.
pub(super) fn unused_before(subject: Subject) -> String {
    let child = std::process::id();
    let _context = if child == 0 { subject.enter() } else { None };
    if child == 0 {
        in_the_child(watch(&mut some(subject)));
    }
    let _context = subject.enter();
    let parent = watch(&mut some(subject));
    report(&parent, &of_the_child(child))
}

const FINDINGS: [&str; 3] = [FIRES, "never fires", "some never fire"];

fn in_the_child(found: String) -> ! {
    let code = FINDINGS.iter().position(|&finding| finding == found).unwrap_or(FINDINGS.len());
    std::process::exit(code as i32)
}

fn of_the_child(child: u32) -> String {
    let Some(pid) = Pid::from_raw(child as i32) else { return "no child".to_owned() };
    let until = Instant::now() + Duration::from_secs(15);
    while Instant::now() < until {
        if let Ok(Some((_, status))) = waitpid(Some(pid), WaitOptions::NOHANG) {
            return match (status.exit_status(), status.terminating_signal()) {
                (Some(101), _) => "panics".to_owned(),
                (Some(code), _) if (code as usize) < FINDINGS.len() => {
                    FINDINGS[code as usize].to_owned()
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
