//! The affinity of threads to CPUs, where it cannot be set.

/// Does nothing: the scheduler alone decides.
pub(crate) fn keep_off_this_cpu(_thread: u32) {}
