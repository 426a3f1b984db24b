//! The affinity of threads on Linux.

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// Sets the affinity of the calling thread to that of the main thread.
pub(crate) fn use_processors_of_main_thread() {
    // The id of the main thread is that of the process.
    let main_thread = rustix::process::getpid();
    if let (Ok(main), Ok(own)) = (sched_getaffinity(Some(main_thread)), sched_getaffinity(None)) {
        if (0..CpuSet::MAX_CPU).any(|cpu| main.is_set(cpu) != own.is_set(cpu)) {
            let _ = sched_setaffinity(None, &main);
        }
    }
}
