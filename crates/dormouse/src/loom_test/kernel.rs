//! A kernel, as far as this crate asks one: files that become ready, epoll instances that report it, a clock, and timers
//! that are files.
//!
//! A file is known by its number; what is open there really does not matter. Of several threads that wait for
//! one epoll instance, any may have the next event.

use crate::reactor::{Interest, Ready};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::lock;
use loom::sync::{Condvar, Mutex};
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{catch_unwind, resume_unwind};
use std::sync::atomic::AtomicI32;

loom::lazy_static! {
    static ref NOW: AtomicU64 = AtomicU64::new(0);
    static ref KERNEL: Mutex<Kernel> = Mutex::new(Kernel::default());
    static ref CHANGED: Condvar = Condvar::new();
}

#[derive(Default)]
struct Kernel {
    stopped: bool,
    epolls: usize,
    /// What files are ready for.
    levels: Vec<(RawFd, Ready)>,
    /// When timers go off.
    timers: Vec<(RawFd, u64)>,
    watches: Vec<Watch>,
}

struct Watch {
    epoll: usize,
    subject: Subject,
    token: u64,
    interest: Interest,
    /// Something has happened since the last report.
    edge: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum Subject {
    File(RawFd),
    Signal,
}

/// All clocks are one.
pub(crate) fn now() -> u64 {
    NOW.load(Ordering::Acquire)
}

/// Time passes; it is `now`.
pub(crate) fn advance(now: u64) {
    NOW.store(now, Ordering::Release);
    let mut kernel = lock(&KERNEL);
    let due: Vec<_> = kernel.timers.iter().filter(|(_, at)| *at <= now).copied().collect();
    kernel.timers.retain(|(_, at)| *at > now);
    due.into_iter().for_each(|(fd, _)| kernel.happens(fd, Ready::READABLE));
}

/// The lowest numbers that the files of a model have. Models run side by side, each with its threads on one thread
/// of the tests; with numbers of their own, a model's files have the same ones in each run, as they have to.
fn lowest() -> RawFd {
    static MODELS: AtomicI32 = AtomicI32::new(1);
    std::thread_local! {
        static LOWEST: RawFd = 32 * MODELS.fetch_add(1, Ordering::Relaxed);
    }
    LOWEST.with(|lowest| *lowest)
}

/// A file that is not ready for anything.
pub(crate) fn file() -> OwnedFd {
    let fd = std::fs::File::open("/dev/null").expect("fds are to be had");
    let fd = rustix::io::fcntl_dupfd_cloexec(fd, lowest()).expect("fds are to be had");
    lock(&KERNEL).set_level(fd.as_raw_fd(), Ready::EMPTY);
    fd
}

/// A file becomes ready.
pub(crate) fn happens(fd: RawFd, ready: Ready) {
    lock(&KERNEL).happens(fd, ready);
}

/// An operation finds that the file is not ready, or makes it so.
pub(crate) fn drain(fd: RawFd) {
    lock(&KERNEL).set_level(fd, Ready::EMPTY);
}

pub(crate) fn set_timer(fd: RawFd, at: u64) {
    let mut kernel = lock(&KERNEL);
    kernel.set_level(fd, Ready::EMPTY);
    kernel.timers.retain(|(timer, _)| *timer != fd);
    if at <= now() {
        kernel.happens(fd, Ready::READABLE);
    } else {
        kernel.timers.push((fd, at));
    }
}

/// An epoll instance, edge-triggered.
#[derive(Debug)]
pub(crate) struct Epoll(usize);

impl Epoll {
    pub(crate) fn new() -> Epoll {
        let mut kernel = lock(&KERNEL);
        kernel.epolls += 1;
        Epoll(kernel.epolls)
    }

    /// Watches a file. What it is ready for already is reported.
    pub(crate) fn add(&self, fd: RawFd, token: u64, interest: Interest) {
        let subject = Subject::File(fd);
        let mut kernel = lock(&KERNEL);
        let edge = kernel.level(fd).intersects(interest.mask());
        kernel.watches.push(Watch { epoll: self.0, subject, token, interest, edge });
        CHANGED.notify_all();
    }

    pub(crate) fn modify(&self, fd: RawFd, token: u64, interest: Interest) {
        self.delete(fd);
        self.add(fd, token, interest);
    }

    pub(crate) fn delete(&self, fd: RawFd) {
        let subject = Subject::File(fd);
        lock(&KERNEL).watches.retain(|watch| watch.epoll != self.0 || watch.subject != subject);
    }

    /// An eventfd of the epoll instance's own is written to.
    pub(crate) fn signal(&self, token: u64) {
        let (subject, interest) = (Subject::Signal, Interest::READABLE);
        let mut kernel = lock(&KERNEL);
        let known = kernel.watches.iter_mut().find(|watch| {
            watch.epoll == self.0 && watch.subject == subject && watch.token == token
        });
        match known {
            Some(watch) => watch.edge = true,
            None => {
                kernel.watches.push(Watch { epoll: self.0, subject, token, interest, edge: true })
            }
        }
        CHANGED.notify_all();
    }

    /// Waits for something to report, and unwinds when the kernel is stopped.
    pub(crate) fn wait(&self) -> Vec<(u64, Ready)> {
        let mut kernel = lock(&KERNEL);
        loop {
            let found = kernel.report(self.0);
            if !found.is_empty() {
                return found;
            }
            if kernel.stopped {
                drop(kernel);
                resume_unwind(Box::new(Stopped));
            }
            kernel = CHANGED.wait(kernel).unwrap();
        }
    }

    /// Does not wait.
    pub(crate) fn poll(&self) -> Vec<(u64, Ready)> {
        lock(&KERNEL).report(self.0)
    }
}

impl Kernel {
    fn level(&self, fd: RawFd) -> Ready {
        self.levels.iter().find(|(file, _)| *file == fd).map_or(Ready::EMPTY, |(_, level)| *level)
    }

    fn set_level(&mut self, fd: RawFd, level: Ready) {
        self.levels.retain(|(file, _)| *file != fd);
        self.levels.push((fd, level));
    }

    fn happens(&mut self, fd: RawFd, ready: Ready) {
        self.set_level(fd, self.level(fd) | ready);
        for watch in &mut self.watches {
            watch.edge |=
                watch.subject == Subject::File(fd) && ready.intersects(watch.interest.mask());
        }
        CHANGED.notify_all();
    }

    fn report(&mut self, epoll: usize) -> Vec<(u64, Ready)> {
        let mut found = Vec::new();
        let levels = &self.levels;
        for watch in self.watches.iter_mut().filter(|watch| watch.epoll == epoll && watch.edge) {
            watch.edge = false;
            let level = match watch.subject {
                Subject::Signal => Ready::READABLE,
                Subject::File(fd) => levels
                    .iter()
                    .find(|(file, _)| *file == fd)
                    .map_or(Ready::EMPTY, |found| found.1),
            };
            let ready = Ready(level.0 & watch.interest.mask().0);
            if !ready.is_empty() {
                found.push((watch.token, ready));
            }
        }
        found
    }
}

struct Stopped;

/// Runs what never ends until the kernel is stopped.
pub(crate) fn until_stopped(run: fn()) {
    if let Err(panic) = catch_unwind(run) {
        if !panic.is::<Stopped>() {
            resume_unwind(panic);
        }
    }
}

/// Whoever waits for an epoll instance in vain, now or later, waits no longer.
pub(crate) fn stop() {
    lock(&KERNEL).stopped = true;
    CHANGED.notify_all();
}
