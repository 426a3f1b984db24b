//! What the kernel reports about this process: its threads, its file descriptors, and how a thread spends its time.
//!
//! All of it comes from `/proc`. On systems other than Linux the results are empty, and the probes that depend on them
//! report nothing. Beside that: how a child process has ended.

mod cpu_wait;
mod crash;
mod fds;
#[cfg_attr(target_os = "linux", path = "process/other_cpu/linux.rs")]
#[cfg_attr(not(target_os = "linux"), path = "process/other_cpu/none.rs")]
mod other_cpu;
mod thread_time;
mod threads;

pub(crate) use cpu_wait::CpuWait;
pub(crate) use crash::{disable_core_dumps, has_crashed};
pub(crate) use fds::open_fds;
pub(crate) use other_cpu::keep_off_this_cpu;
pub(crate) use thread_time::{ThreadTime, ThreadTimer};
pub(crate) use threads::{
    CHECKER_THREAD, SNAPSHOT_INTERVAL, Threads, all_stayed_asleep, current_thread_id,
    new_sleeping_threads, spawn, thread, threads,
};
