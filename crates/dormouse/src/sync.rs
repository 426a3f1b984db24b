//! Locks, atomics and threads: those of std.
//!
//! In a build of the tests with `--cfg loom` they are loom's, which runs a model in every order in which its threads
//! can run: see `model.rs`. So whatever threads share comes from here, but for `Arc`, which wakers are made of.
//! loom makes no lock and no atomic in a constant; hence the macros.

use std::sync::PoisonError;

/// Statics. Each run of a model begins with new ones.
#[cfg(not(all(loom, test)))]
macro_rules! statics {
    ($($statics:tt)*) => { $($statics)* };
}

/// A function that is `const`, but in models.
#[cfg(not(all(loom, test)))]
macro_rules! const_fn {
    ($($function:tt)*) => { $($function)* };
}

/// An array of a constant, so often; in models, of values that are made so often.
#[cfg(not(all(loom, test)))]
macro_rules! array {
    ($value:expr; $n:expr) => {
        [const { $value }; $n]
    };
}

#[cfg(all(loom, test))]
pub(crate) use crate::model::sync::{
    Mutex, MutexGuard, OnceLock, array, atomic, const_fn, planted, statics, thread, thread_local,
};
#[cfg(not(all(loom, test)))]
pub(crate) use {
    array, const_fn, statics,
    std::sync::{Mutex, MutexGuard, OnceLock, atomic},
    std::{thread, thread_local},
};

/// Locks. No stranger's code runs under a lock of ours, so a poisoned one guards sound data.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether a model is run to see that it finds this bug. Nobody else has it.
#[cfg(not(all(loom, test)))]
#[inline(always)]
pub(crate) const fn planted(_bug: &str) -> bool {
    false
}
