//! Threads, fds and limits of this process, on Unix.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::collections::BTreeSet;
use std::os::fd::OwnedFd;

/// The id of this thread.
#[cfg(target_os = "linux")]
pub fn thread_id() -> i32 {
    rustix::thread::gettid().as_raw_nonzero().get()
}

/// The ids of the threads of this process, each from its start until it can be joined.
pub fn thread_ids() -> BTreeSet<i32> {
    // The kernel lists a thread for a moment after it has been joined. Before that, it sets this flag.
    const PF_EXITING: u32 = 4;
    let id = |task: std::io::Result<std::fs::DirEntry>| {
        let task = task.ok()?;
        let stat = std::fs::read_to_string(task.path().join("stat")).ok()?;
        let (_name, fields) = stat.rsplit_once(')')?;
        let flags: u32 = fields.split_whitespace().nth(6)?.parse().unwrap();
        (flags & PF_EXITING == 0).then(|| task.file_name().to_str().unwrap().parse().unwrap())
    };
    std::fs::read_dir("/proc/self/task").unwrap().filter_map(id).collect()
}

/// The names of the threads of this process. A new thread has the name of its parent until it runs.
pub fn threads() -> Vec<String> {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap();
    let comm = |task: std::io::Result<std::fs::DirEntry>| {
        std::fs::read_to_string(task.ok()?.path().join("comm")).ok()
    };
    tasks.filter_map(comm).map(|name| name.trim_end().to_owned()).collect()
}

/// The CPU time of this process.
#[cfg(target_os = "linux")]
pub fn cpu_time() -> std::time::Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    std::time::Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

/// The number of open fds of this process.
pub fn fds() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

/// The entries in `/proc/self/fdinfo` of the timerfds of this process that use `clock`.
#[cfg(target_os = "linux")]
pub fn timerfds(clock: rustix::time::TimerfdClockId) -> Vec<String> {
    let files = std::fs::read_dir("/proc/self/fdinfo").unwrap();
    let entries = files.filter_map(|file| std::fs::read_to_string(file.ok()?.path()).ok());
    let clock = format!("clockid: {}\n", clock as u32);
    entries.filter(|entry| entry.contains(&clock)).collect()
}

/// Opens fds until the process is at its limit, which it first sets to 64.
pub fn take_all_fds() -> Vec<OwnedFd> {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(64), ..limit }).unwrap();
    let mut taken = Vec::new();
    while let Ok(file) = std::fs::File::open("/dev/null") {
        taken.push(file.into());
    }
    taken
}

/// Calls `attempt` while the process can open no fds.
pub fn without_new_fds<R>(attempt: impl FnOnce() -> R) -> R {
    let limit = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: Some(0), ..limit }).unwrap();
    let attempted = attempt();
    setrlimit(Resource::Nofile, limit).unwrap();
    attempted
}

#[cfg(not(target_os = "openbsd"))]
const ADDRESS_SPACE: Resource = Resource::As;
/// It includes anonymous memory there.
#[cfg(target_os = "openbsd")]
const ADDRESS_SPACE: Resource = Resource::Data;

/// Limits the address space, so that the stack of another thread cannot be allocated. Returns the former limit.
pub fn prevent_new_threads() -> Rlimit {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: u64 = statm.split(' ').next().unwrap().parse().unwrap();
    let size = pages * rustix::param::page_size() as u64 + (1 << 20);
    let limit = getrlimit(ADDRESS_SPACE);
    setrlimit(ADDRESS_SPACE, Rlimit { current: Some(size), ..limit }).unwrap();
    assert!(std::thread::Builder::new().spawn(|| {}).is_err(), "a thread was started");
    limit
}

/// Sets the limit that [`prevent_new_threads`] has returned.
pub fn permit_new_threads(limit: Rlimit) {
    setrlimit(ADDRESS_SPACE, limit).unwrap();
}
