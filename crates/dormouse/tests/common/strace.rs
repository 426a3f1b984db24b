//! Makes a system call fail in this process: strace injects the error.

use super::{MS, TEST_TIMEOUT};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

/// As long as this value exists, a system call fails, in every thread.
pub struct Refused(Child);

impl Refused {
    /// `None` if there is no strace, or it may not trace this process.
    pub fn new(call: &str, error: &str) -> Option<Refused> {
        let strace = Command::new("strace")
            .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call}")])
            .args(["-e", &format!("inject={call}:error={error}")])
            .args(["-p", &std::process::id().to_string()])
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut strace) = strace else {
            println!("skipped: there is no strace");
            return None;
        };
        let start = Instant::now();
        while !is_traced() {
            if strace.try_wait().unwrap().is_some() {
                println!("skipped: strace may not trace this process");
                return None;
            }
            assert!(start.elapsed() < TEST_TIMEOUT, "strace does not attach");
            std::thread::sleep(MS);
        }
        Some(Refused(strace))
    }
}

/// Whether every thread of this process is traced.
fn is_traced() -> bool {
    let mut tasks = std::fs::read_dir("/proc/self/task").unwrap();
    tasks.all(|task| {
        let status = std::fs::read_to_string(task.unwrap().path().join("status"));
        // The thread may have ended.
        status.map_or(true, |status| !status.contains("TracerPid:\t0\n"))
    })
}

impl Drop for Refused {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
