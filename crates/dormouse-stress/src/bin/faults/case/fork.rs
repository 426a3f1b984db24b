//! `fork`, and a child that goes on. The system call is made by `scripts/faults-preload.c`, which has `getpid` fork.

use crate::probe::{FIRES, Probe, some, then, watch};
use crate::subject::Subject;
use dormouse::io::AsyncFd;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

/// The library is in use when the process forks. Child and parent go on, with old sleeps and new ones.
pub(super) fn used_before(subject: Subject) -> String {
    let _context = subject.enter();
    let first = watch(&mut some(subject));
    let mut old = [Probe::new(subject, 300), Probe::new(subject, 600)];
    let watched = if subject.is_dormouse() { Some(Watched::new()) } else { None };
    let child = std::process::id();
    if child == 0 {
        // Nobody of those who were in the parent is here.
        old.iter_mut().for_each(Probe::poll);
        let found = then(watch(&mut some(subject)), || watch(&mut old));
        in_the_child(then(found, || watched.map_or(FIRES.to_owned(), Watched::in_the_child)));
    }
    let parent = then(watch(&mut some(subject)), || watch(&mut old));
    let child = of_the_child(child);
    // By now the child has let go of it.
    let parent = then(parent, || watched.map_or(FIRES.to_owned(), Watched::serve));
    then(first, || report(&parent, &child))
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

/// An fd that was watched before.
struct Watched {
    ours: AsyncFd<UnixStream>,
    theirs: UnixStream,
}

impl Watched {
    fn new() -> Watched {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        Watched { ours: AsyncFd::new(ours).expect("a reactor"), theirs }
    }

    fn serve(mut self) -> String {
        let mut probe = Probe::of(
            Box::pin(async move {
                drop(self.ours.readable().await.expect("readiness"));
            }),
            Instant::now(),
        );
        self.theirs.write_all(b"x").expect("room");
        match watch(std::slice::from_mut(&mut probe)) {
            found if found == FIRES => found,
            _ => NOT_SERVED.to_owned(),
        }
    }

    fn in_the_child(self) -> String {
        let cx = &mut Context::from_waker(Waker::noop());
        match self.ours.poll_read_ready(cx) {
            Poll::Ready(Err(err)) if err.to_string().contains("child of a fork") => {}
            _ => return NOT_TOLD.to_owned(),
        }
        // The parent's socket goes on; so this end of it, once it is wrapped anew, is another.
        drop(self);
        Watched::new().serve()
    }
}

const NOT_SERVED: &str = "fd is not served";
const NOT_TOLD: &str = "not told of the fork";
const FINDINGS: [&str; 5] = [FIRES, "never fires", "some never fire", NOT_SERVED, NOT_TOLD];

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
