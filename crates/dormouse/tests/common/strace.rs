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
            .args(["-f", "-qq", "-o", "/dev/null", "-e", &format!("trace={call},getpgid")])
            .args(["-e", &format!("inject={call}:error={error}")])
            .args(["-e", "inject=getpgid:error=ENOSYS"])
            .args(["-p", &std::process::id().to_string()])
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut strace) = strace else {
            println!("skipped: there is no strace");
            return None;
        };
        let start = Instant::now();
        // A thread that strace has attached to is not stopped at its system calls yet. When this one is, all are.
        while rustix::process::getpgid(None).is_ok() {
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

impl Drop for Refused {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}
