//! In place of `builtin/spawn.rs` on Windows: a thread inherits no signals, affinity or priority.

use crate::sync::thread::{self, Thread};
use std::io;

pub(super) fn spawn(run: fn()) -> io::Result<Thread> {
    let thread = thread::Builder::new().name("dormouse".into()).spawn(run)?;
    Ok(thread.thread().clone())
}

pub(in crate::reactor) fn with_signals_blocked<T>(spawn: impl FnOnce() -> T) -> T {
    spawn()
}

pub(crate) fn use_processors_of_main_thread() {}
