//! Finds out whether an executor can do something, where the only sign that it cannot is a panic. Knows no executor.
//!
//! The panic is caught, but the panic hook of the program sees it. To hide it, the hook of the process would have to be
//! taken for the duration of the probe, and be put back. std has no exchange in one step: a hook that the program sets
//! in between is lost, and panics of other threads in between do not reach the hook of the program.

use crate::catch_panic::catch_panic;

/// Whether panics unwind in this build.
pub(crate) const CAN_CATCH: bool = cfg!(panic = "unwind");

/// Whether this thread can catch a panic. A panic in the panic hook aborts, and a thread in the hook is panicking.
pub(crate) fn can_probe() -> bool {
    CAN_CATCH && !std::thread::panicking()
}

/// Runs `probe`, and returns whether it returned without a panic.
pub(crate) fn catch_probe(probe: impl FnOnce()) -> bool {
    let mut returned = false;
    catch_panic(|| {
        probe();
        returned = true;
    });
    returned
}
