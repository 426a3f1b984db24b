//! Locks, atomics and threads: those of std.
//!
//! In a build of the tests with `--cfg loom` they are loom's, which runs a model in every order in which its threads
//! can run: see `model.rs`. So whatever threads share comes from here, but for `Arc`, which wakers are made of.
//! loom makes no lock and no atomic in a constant; hence the macros.

use std::sync::PoisonError;

/// Statics. Each run of a model begins with new ones.
#[cfg(not(all(loom, test)))]
macro_rules! loom_static {
    ($($statics:tt)*) => { $($statics)* };
}

/// A function that is `const`, but in models.
#[cfg(not(all(loom, test)))]
macro_rules! loom_const_fn {
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
pub(crate) use crate::loom_test::sync::{
    Mutex, MutexGuard, OnceLock, array, atomic, loom_const_fn, loom_static, thread, thread_local,
};
#[cfg(not(all(loom, test)))]
pub(crate) use {
    array, loom_const_fn, loom_static,
    std::sync::{Mutex, MutexGuard, OnceLock, atomic},
    std::{thread, thread_local},
};

/// Locks. No stranger's code runs under a lock of ours, so a poisoned one guards sound data.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
