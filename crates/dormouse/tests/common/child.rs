//! Children of `fork` that run a part of a test.

use super::within_time;
use fork::Fork;
use rustix::process::{Pid, WaitOptions, waitpid};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Runs `test` in a child of `fork`, and returns the id of the child.
pub fn spawn_child(test: impl FnOnce()) -> Pid {
    match fork::fork().unwrap() {
        Fork::Parent(pid) => Pid::from_raw(pid).unwrap(),
        Fork::Child => {
            let succeeded = catch_unwind(AssertUnwindSafe(test)).is_ok();
            std::process::exit(if succeeded { 0 } else { 1 })
        }
    }
}

pub fn wait_for_child(child: Pid) {
    let (_, status) = waitpid(Some(child), WaitOptions::empty()).unwrap().unwrap();
    assert_eq!(status.exit_status(), Some(0), "the child failed");
}

/// Runs `test` in a child of `fork`, which ends with an error if it takes too long. It may refer to the stack of the calling
/// thread, but not to that of another thread, which the child does not have.
pub fn in_child(test: impl FnOnce() + Send) {
    wait_for_child(spawn_child(|| within_time(test)));
}
