//! Asking an executor what it answers with a panic.
//!
//! The panic is caught, and kept from the panic hook, which is exchanged for the time that the question takes.

use crate::fork::PerProcess;
use crate::sync::{Mutex, lock, loom_static, thread_local};
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, PanicHookInfo, catch_unwind, set_hook, take_hook};
use std::sync::Arc;

thread_local! {
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

type Hook = Box<dyn Fn(&PanicHookInfo<'_>) + Send + Sync>;

/// Runs `f`, and says whether it came to its end without a panic. The panic hook does not see this
/// thread's panics meanwhile; afterwards it is again what it was, or what somebody else has set meanwhile.
pub(super) fn catch_probe(f: impl FnOnce()) -> bool {
    loom_static! {
        static ONE_AT_A_TIME: PerProcess<Mutex<()>> = PerProcess::new(Mutex::new(()));
    }
    let _turn = lock(ONE_AT_A_TIME.get(|_| Mutex::new(())));
    let hook = Arc::new(take_hook());
    let others = hook.clone();
    let quiet: Hook = Box::new(move |info| {
        if !QUIET.try_with(Cell::get).unwrap_or(false) {
            others(info);
        }
    });
    // To tell it from a hook that another thread sets: where it is in memory.
    let address = |hook: &Hook| (&raw const **hook).cast::<()>();
    let ours = address(&quiet);
    set_hook(quiet);
    QUIET.with(|quiet| quiet.set(true));
    let done = catch_unwind(AssertUnwindSafe(f)).is_ok();
    QUIET.with(|quiet| quiet.set(false));
    let now = take_hook();
    if address(&now) != ours {
        set_hook(now);
        return done;
    }
    drop(now);
    match Arc::try_unwrap(hook) {
        Ok(hook) => set_hook(hook),
        Err(hook) => set_hook(Box::new(move |info| hook(info))),
    }
    done
}
