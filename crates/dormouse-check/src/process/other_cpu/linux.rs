//! The affinity of threads to CPUs, on Linux.

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_getcpu, sched_setaffinity};

/// Keeps a thread of this process off the CPU on which the current thread runs, if there is another one.
///
/// On a busy machine, a thread that wakes up often stays on its CPU. If two threads share one, they never run at the same
/// time.
pub(crate) fn keep_off_this_cpu(thread: u32) {
    let Some(thread) = i32::try_from(thread).ok().and_then(Pid::from_raw) else { return };
    let (Ok(mut cpus), this) = (sched_getaffinity(None), sched_getcpu()) else { return };
    if this < CpuSet::MAX_CPU && cpus.count() > 1 {
        cpus.unset(this);
        // It may have ended.
        let _ = sched_setaffinity(Some(thread), &cpus);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process;
    use std::sync::mpsc;

    #[test]
    fn a_thread_is_kept_off_one_cpu_and_the_current_thread_is_not() {
        let before = sched_getaffinity(None).expect("the affinity can be read").count();
        let (send_id, id) = mpsc::channel();
        let (end, ended) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            let _ = send_id.send(process::current_thread_id());
            let _ = ended.recv();
            sched_getaffinity(None).map_or(0, |cpus| cpus.count())
        });
        keep_off_this_cpu(id.recv().ok().flatten().expect("/proc is mounted"));
        drop(end);
        let after = thread.join().expect("it does not panic");
        assert_eq!(after, if before > 1 { before - 1 } else { before });
        assert_eq!(sched_getaffinity(None).map_or(0, |cpus| cpus.count()), before);
    }
}
