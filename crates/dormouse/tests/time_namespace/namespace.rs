//! Time namespaces, and processes with a single thread that enter them.

use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

/// A case that runs longer hangs.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// By how many seconds the clocks of a namespace are ahead of those of the machine.
#[derive(Clone, Copy)]
pub(crate) struct Offsets {
    pub(crate) boottime: u64,
    pub(crate) monotonic: u64,
}

pub(crate) struct TimeNamespace(File);

impl TimeNamespace {
    pub(crate) fn new(offsets: Offsets) -> TimeNamespace {
        let mut unshare = Command::new("unshare");
        unshare.args(["--boottime", &offsets.boottime.to_string()]);
        unshare.args(["--monotonic", &offsets.monotonic.to_string()]);
        // The namespace exists for as long as a process is in it, or a file refers to it.
        unshare.args(["--time", "sh", "-c", "echo ready; cat"]);
        let mut process = unshare.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
        let namespace = File::open(format!("/proc/{}/ns/time_for_children", process.id())).unwrap();
        drop(process.stdin.take());
        process.wait().unwrap();
        TimeNamespace(namespace)
    }

    /// Moves this process, which must have a single thread.
    pub(crate) fn enter(&self) {
        move_into_link_name_space(self.0.as_fd(), Some(LinkNameSpaceType::Time)).unwrap();
    }
}

/// Whether the kernel has time namespaces.
pub(crate) fn exist() -> bool {
    std::path::Path::new("/proc/self/ns/time").exists()
}

/// Whether this process, which has started no thread yet, has another one.
pub(crate) fn is_emulated() -> bool {
    std::fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() > 1)
}

pub(crate) fn is_permitted() -> bool {
    let status = privileged("unshare").args(["--time", "true"]).status();
    status.is_ok_and(|status| status.success())
}

/// A command that runs as root, in a user namespace if this process does not.
fn privileged(program: &str) -> Command {
    if rustix::process::geteuid().is_root() {
        return Command::new(program);
    }
    let mut unshare = Command::new("unshare");
    unshare.args(["--map-root-user", program]);
    unshare
}

/// Runs a case in a process of its own. An error says how that has ended.
pub(crate) fn run_alone(case: &[&str]) -> Result<(), String> {
    let program = std::env::current_exe().unwrap();
    let mut command = privileged(program.to_str().unwrap());
    let mut process = command.args(case).stdin(Stdio::null()).spawn().unwrap();
    let start = Instant::now();
    loop {
        match process.try_wait().unwrap() {
            Some(status) if status.success() => return Ok(()),
            Some(status) => return Err(status.to_string()),
            None if start.elapsed() > TIME_LIMIT => {
                process.kill().unwrap();
                process.wait().unwrap();
                return Err(format!("it hangs: it has run for {TIME_LIMIT:?}"));
            }
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
}
