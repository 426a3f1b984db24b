//! How the reactor thread starts, and that of async-io: with all signals blocked, and on the processors of the main
//! thread.
//!
//! The thread that needs the reactor thread first is any thread of the program, perhaps one for background work, with a
//! signal mask, an affinity, a nice value and a scheduling class of its own, all of which a new thread inherits. Those
//! signals and processors are not for a thread that serves the whole program. (A thread cannot leave a scheduling class, or
//! lower its nice value, without a privilege.)

#[cfg_attr(
    all(any(target_os = "linux", target_os = "android"), not(dormouse_portable)),
    path = "spawn/linux.rs"
)]
#[cfg_attr(
    any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
    path = "spawn/absent.rs"
)]
mod affinity;

pub(crate) use affinity::use_processors_of_main_thread;

use crate::sync::thread::{self, Thread};
use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use std::io;

/// Signals that the kernel sends to the thread that causes them. To block them makes no sense: the kernel ends the
/// process then, and its handler does not run.
const SYNCHRONOUS: [Signal; 6] = [
    Signal::SIGSEGV,
    Signal::SIGBUS,
    Signal::SIGFPE,
    Signal::SIGILL,
    Signal::SIGTRAP,
    Signal::SIGSYS,
];

/// Starts the thread. A signal for the process is delivered to another thread.
pub(super) fn spawn(run: fn()) -> io::Result<Thread> {
    let start = || thread::Builder::new().name("dormouse".into()).spawn(run);
    Ok(with_signals_blocked(start)?.thread().clone())
}

/// Calls `spawn` with all signals blocked that can be. A thread that it starts inherits the mask.
pub(in crate::reactor) fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> T {
    let mut signals = SigSet::all();
    SYNCHRONOUS.into_iter().for_each(|signal| signals.remove(signal));
    // If the system refuses to set it (a sandbox may), the thread starts anyway.
    let former = signals.thread_swap_mask(SigmaskHow::SIG_SETMASK);
    let spawned = spawn();
    if let Ok(former) = former {
        let _ = former.thread_set_mask();
    }
    spawned
}
