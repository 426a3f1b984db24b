//! Finds out whether an executor can do something, where the only sign that it cannot is a panic.
//!
//! The panic is caught, and hidden from the panic hook, which is replaced for the duration of the probe.

use crate::fork::PerProcess;
use crate::sync::{Mutex, lock, loom_static, thread_local};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Arc;

/// Whether panics unwind in this build.
pub(super) const CAN_CATCH: bool = cfg!(panic = "unwind");

thread_local! {
    /// Whether this thread runs a probe.
    static PROBING: Cell<bool> = const { Cell::new(false) };
}

type PanicHook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Runs `probe`, and returns whether it returned without a panic. Meanwhile the panic hook is not called for
/// panics of this thread. Afterwards the former hook is restored, unless another thread has set a hook meanwhile: that
/// one stays.
pub(super) fn catch_probe(probe: impl FnOnce()) -> bool {
    loom_static! {
        /// Only one thread at a time replaces the panic hook.
        static PROBE: PerProcess<Mutex<()>> = PerProcess::new(Mutex::new(()));
    }
    let _probe = lock(PROBE.get(|_| Mutex::new(())));
    let former = Arc::new(take_hook());
    let forward = former.clone();
    let quiet: PanicHook = Box::new(move |info| {
        if !PROBING.try_with(Cell::get).unwrap_or(false) {
            forward(info);
        }
    });
    // Tells the quiet hook from one that another thread has set.
    let address = |hook: &PanicHook| (&raw const **hook).cast::<()>();
    let quiet_address = address(&quiet);
    set_hook(quiet);
    PROBING.with(|probing| probing.set(true));
    let returned = catch_unwind(AssertUnwindSafe(probe)).is_ok();
    PROBING.with(|probing| probing.set(false));
    let current = take_hook();
    if address(&current) != quiet_address {
        set_hook(current);
        return returned;
    }
    drop(current);
    match Arc::try_unwrap(former) {
        Ok(former) => set_hook(former),
        Err(former) => set_hook(Box::new(move |info| former(info))),
    }
    returned
}
