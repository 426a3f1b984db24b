//! A mock kernel, with as much as this crate uses: files that become ready, epoll instances that report it, a clock, and
//! timerfds.
//!
//! A file is identified by its fd; what is really open there does not matter. When several threads wait on
//! one epoll instance, any of them may get the next event.

use crate::reactor::{Interest, Ready};
use crate::sync::atomic::{AtomicU64, Ordering};
use crate::sync::lock;
use loom::sync::{Condvar, Mutex};
use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::panic::{catch_unwind, resume_unwind};
use std::sync::atomic::AtomicI32;
use std::time::Duration;

loom::lazy_static! {
    static ref NOW: AtomicU64 = AtomicU64::new(0);
    static ref KERNEL: Mutex<Kernel> = Mutex::new(Kernel::default());
    static ref CHANGED: Condvar = Condvar::new();
    static ref WAITING_CHANGED: Condvar = Condvar::new();
}

#[derive(Default)]
struct Kernel {
    is_stopped: bool,
    refuses_changes: bool,
    refuses_timerfds: bool,
    refuses_waits: bool,
    epolls: usize,
    /// What each file is ready for.
    readiness: Vec<(RawFd, Ready)>,
    /// When each timerfd that is set expires.
    timers: Vec<(RawFd, u64)>,
    entries: Vec<EpollEntry>,
    waiting_threads: usize,
    /// A thread is in [`until_waiting`].
    is_observed: bool,
}

/// A file in the interest list of an epoll instance.
struct EpollEntry {
    epoll: usize,
    file: File,
    token: u64,
    interest: Interest,
    /// The readiness has changed since the last report.
    is_pending: bool,
}

#[derive(Clone, Copy, PartialEq)]
enum File {
    Fd(RawFd),
    /// The eventfd of the epoll instance.
    Eventfd,
}

/// The time of every clock, in ns.
pub(crate) fn now() -> u64 {
    NOW.load(Ordering::Acquire)
}

/// Advances every clock to `now`.
pub(crate) fn advance(now: u64) {
    NOW.store(now, Ordering::Release);
    let mut kernel = lock(&KERNEL);
    let expired: Vec<_> = kernel.timers.iter().filter(|(_, at)| *at <= now).copied().collect();
    kernel.timers.retain(|(_, at)| *at > now);
    expired.into_iter().for_each(|(fd, _)| kernel.set_ready(fd, Ready::READABLE));
    // The timeout of a thread in `Epoll::wait` may have expired.
    CHANGED.notify_all();
}

/// The lowest fd for the files of a loom test. Several loom tests run at a time, each with all its threads on one thread of
/// the test harness. A test that has a range of fds to itself gets the same fds in each run, as loom requires.
fn lowest_fd() -> RawFd {
    /// Few enough that the fds of all tests stay below 1024, the usual limit of a process.
    const FDS_PER_TEST: RawFd = 16;
    static TESTS: AtomicI32 = AtomicI32::new(1);
    std::thread_local! {
        static LOWEST: RawFd = FDS_PER_TEST * TESTS.fetch_add(1, Ordering::Relaxed);
    }
    LOWEST.with(|lowest| *lowest)
}

/// A new file, which is not ready for anything.
pub(crate) fn file() -> OwnedFd {
    let fd = std::fs::File::open("/dev/null").expect("fds are available");
    let fd = rustix::io::fcntl_dupfd_cloexec(fd, lowest_fd()).expect("fds are available");
    lock(&KERNEL).replace_readiness(fd.as_raw_fd(), Ready::EMPTY);
    fd
}

/// Makes a file ready, and has it reported.
pub(crate) fn set_ready(fd: RawFd, ready: Ready) {
    lock(&KERNEL).set_ready(fd, ready);
}

/// What a file is ready for.
pub(crate) fn readiness(fd: RawFd) -> Ready {
    lock(&KERNEL).readiness(fd)
}

/// Makes a file not ready, as an operation does that reads all its data.
pub(crate) fn drain(fd: RawFd) {
    lock(&KERNEL).replace_readiness(fd, Ready::EMPTY);
}

/// A new timerfd.
pub(crate) fn timerfd() -> io::Result<OwnedFd> {
    if lock(&KERNEL).refuses_timerfds {
        return Err(io::ErrorKind::PermissionDenied.into());
    }
    Ok(file())
}

/// Sets a timerfd.
pub(crate) fn set_timer(fd: RawFd, at: u64) {
    let mut kernel = lock(&KERNEL);
    kernel.replace_readiness(fd, Ready::EMPTY);
    kernel.timers.retain(|(timer, _)| *timer != fd);
    if at <= now() {
        kernel.set_ready(fd, Ready::READABLE);
    } else {
        kernel.timers.push((fd, at));
    }
}

/// From here on, no file can be registered, and the interest of registered files cannot be changed.
pub(crate) fn refuse_changes() {
    lock(&KERNEL).refuses_changes = true;
}

/// From here on, no timerfd can be created.
pub(crate) fn refuse_timerfds() {
    lock(&KERNEL).refuses_timerfds = true;
}

/// From here on, no epoll instance can be waited for.
pub(crate) fn refuse_waits() {
    lock(&KERNEL).refuses_waits = true;
}

/// Blocks until exactly so many threads wait on epoll instances.
pub(crate) fn until_waiting(threads: usize) {
    let mut kernel = lock(&KERNEL);
    kernel.is_observed = true;
    while kernel.waiting_threads != threads {
        kernel = WAITING_CHANGED.wait(kernel).unwrap();
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

    /// Registers a file, once. If it is ready already, that is reported.
    pub(crate) fn add(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        let mut kernel = lock(&KERNEL);
        if kernel.refuses_changes {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        let is_pending = kernel.readiness(fd).intersects(interest.mask());
        let file = File::Fd(fd);
        if kernel.entries.iter().any(|entry| entry.epoll == self.0 && entry.file == file) {
            return Err(rustix::io::Errno::EXIST.into());
        }
        kernel.entries.push(EpollEntry { epoll: self.0, file, token, interest, is_pending });
        CHANGED.notify_all();
        Ok(())
    }

    pub(crate) fn modify(&self, fd: RawFd, token: u64, interest: Interest) -> io::Result<()> {
        if lock(&KERNEL).refuses_changes {
            return Err(io::ErrorKind::OutOfMemory.into());
        }
        self.delete(fd);
        self.add(fd, token, interest)
    }

    pub(crate) fn delete(&self, fd: RawFd) {
        lock(&KERNEL).entries.retain(|entry| entry.epoll != self.0 || entry.file != File::Fd(fd));
    }

    /// Writes to the eventfd of the epoll instance.
    pub(crate) fn signal(&self, token: u64) {
        let (file, interest) = (File::Eventfd, Interest::READABLE);
        let mut kernel = lock(&KERNEL);
        let known = kernel
            .entries
            .iter_mut()
            .find(|entry| entry.epoll == self.0 && entry.file == file && entry.token == token);
        match known {
            Some(entry) => entry.is_pending = true,
            None => {
                let is_pending = true;
                kernel.entries.push(EpollEntry {
                    epoll: self.0,
                    file,
                    token,
                    interest,
                    is_pending,
                });
            }
        }
        CHANGED.notify_all();
    }

    /// Waits for events, or until the clock has advanced by `timeout`. Unwinds when the kernel is stopped.
    pub(crate) fn wait(&self, timeout: Option<Duration>) -> io::Result<Vec<(u64, Ready)>> {
        let deadline = timeout.map(|timeout| now() + timeout.as_nanos() as u64);
        let mut kernel = lock(&KERNEL);
        loop {
            let events = kernel.take_events(self.0);
            if !events.is_empty() || deadline.is_some_and(|deadline| deadline <= now()) {
                return Ok(events);
            }
            if kernel.is_stopped {
                drop(kernel);
                resume_unwind(Box::new(Stopped));
            }
            if kernel.refuses_waits {
                return Err(io::ErrorKind::PermissionDenied.into());
            }
            kernel.count_waiting_threads(1);
            kernel = CHANGED.wait(kernel).unwrap();
            kernel.count_waiting_threads(-1);
        }
    }

    /// The events so far, without waiting.
    pub(crate) fn poll(&self) -> Vec<(u64, Ready)> {
        lock(&KERNEL).take_events(self.0)
    }
}

impl Kernel {
    fn readiness(&self, fd: RawFd) -> Ready {
        let known = self.readiness.iter().find(|(file, _)| *file == fd);
        known.map_or(Ready::EMPTY, |(_, ready)| *ready)
    }

    fn replace_readiness(&mut self, fd: RawFd, ready: Ready) {
        self.readiness.retain(|(file, _)| *file != fd);
        self.readiness.push((fd, ready));
    }

    fn set_ready(&mut self, fd: RawFd, ready: Ready) {
        self.replace_readiness(fd, self.readiness(fd) | ready);
        for entry in &mut self.entries {
            let concerns_it = entry.file == File::Fd(fd) && ready.intersects(entry.interest.mask());
            entry.is_pending |= concerns_it;
        }
        CHANGED.notify_all();
    }

    fn count_waiting_threads(&mut self, change: isize) {
        self.waiting_threads = self.waiting_threads.wrapping_add_signed(change);
        // Only then, because loom counts each notification as one more step.
        if self.is_observed {
            WAITING_CHANGED.notify_all();
        }
    }

    fn take_events(&mut self, epoll: usize) -> Vec<(u64, Ready)> {
        let mut events = Vec::new();
        for index in 0..self.entries.len() {
            let EpollEntry { file, token, interest, .. } = self.entries[index];
            if self.entries[index].epoll != epoll
                || !std::mem::take(&mut self.entries[index].is_pending)
            {
                continue;
            }
            let ready = match file {
                File::Eventfd => Ready::READABLE,
                File::Fd(fd) => Ready(self.readiness(fd).0 & interest.mask().0),
            };
            if !ready.is_empty() {
                events.push((token, ready));
            }
        }
        events
    }
}

/// Unwinds, in [`run_until_stopped`], if the kernel is stopped.
pub(crate) fn unwind_if_stopped() {
    if lock(&KERNEL).is_stopped {
        resume_unwind(Box::new(Stopped));
    }
}

struct Stopped;

/// Runs an endless function until the kernel is stopped.
pub(crate) fn run_until_stopped(run: fn()) {
    if let Err(panic) = catch_unwind(run) {
        if !panic.is::<Stopped>() {
            resume_unwind(panic);
        }
    }
}

/// From here on, a wait on an epoll instance without events unwinds, in [`run_until_stopped`].
pub(crate) fn stop() {
    lock(&KERNEL).is_stopped = true;
    CHANGED.notify_all();
}
