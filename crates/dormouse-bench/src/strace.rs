//! Counts the system calls of a case of W6: runs it once more in a child under `strace`, and counts the lines of
//! the trace between the two markers of [`wakeups`](crate::workload::wakeups).

use crate::case::Case;
use crate::child;
use crate::workload::wakeups::{BEGIN, CALLER_EXCLUDED, END};
use std::path::Path;
use std::process::Command;

pub(crate) fn count_system_calls(program: &Path, peer: &str, case: &Case) -> Result<u64, String> {
    let file = format!("dormouse-bench-{}-{peer}-{}.strace", std::process::id(), case.variant);
    let file = std::env::temp_dir().join(file);
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-s", "64", "-o"]).arg(&file).arg(program);
    let outcome = child::run(strace, peer, case);
    let trace = std::fs::read_to_string(&file);
    let _ = std::fs::remove_file(&file);
    outcome?;
    Ok(count_between_markers(&trace.map_err(|err| format!("strace: {err}"))?))
}

/// Each line of `strace -f -o` holds a thread id and a call, or the continuation of a call that another line interrupted.
fn count_between_markers(trace: &str) -> u64 {
    let (mut count, mut open, mut excluded) = (0, false, None);
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        let call = call.trim_start();
        if call.contains(END) {
            open = false;
        } else if call.contains(BEGIN) {
            open = true;
            excluded = call.contains(CALLER_EXCLUDED).then_some(thread);
        } else if open
            && excluded != Some(thread)
            && !call.starts_with("<...")
            && !call.starts_with("---")
            && !call.starts_with("+++")
        {
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn system_calls_count_once_and_only_between_the_markers() {
        let trace = "\
1 futex(0x1, FUTEX_WAIT) = 0
2 statx(AT_FDCWD, \"/dormouse-bench/begin-others\", 0) = -1 ENOENT
2 clock_nanosleep(CLOCK_REALTIME <unfinished ...>
1 epoll_wait(3, <unfinished ...>
1 <... epoll_wait resumed>[], 1) = 0
1 --- SIGCHLD ---
1 write(1, \"x\", 1) = 1
2 statx(AT_FDCWD, \"/dormouse-bench/end\", 0) = -1 ENOENT
1 write(1, \"x\", 1) = 1
";
        assert_eq!(count_between_markers(trace), 2);
    }
}
