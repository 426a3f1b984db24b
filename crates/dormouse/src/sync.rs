//! Locks, atomics, threads and thread-locals: those of std.
//!
//! Loom tests replace this module by `loom_test/sync.rs`, which exports loom's types under the same names. So
//! everything that threads share is imported from here. The exception is `Arc`, because `std::task::Wake` requires that
//! of std. The macros exist because loom's locks and atomics have no `const` constructors.

#[cfg(all(feature = "tokio", not(target_family = "wasm")))]
pub(crate) use ::tokio;
pub(crate) use std::sync::{Mutex, MutexGuard, OnceLock};
pub(crate) use std::{thread, thread_local, time};

use std::sync::PoisonError;

/// On targets without atomics of 64 bits, `AtomicU64` is that of portable-atomic.
pub(crate) mod atomic {
    #[cfg(not(target_has_atomic = "64"))]
    pub(crate) use portable_atomic::AtomicU64;
    pub(crate) use std::sync::atomic::*;
}

/// Atomics that loom does not explore, with `const` constructors.
pub(crate) mod unexplored {
    pub(crate) use super::atomic::AtomicU32;
    #[allow(unused_imports, reason = "only Linux and the feature test-util use it")]
    pub(crate) use super::atomic::AtomicU64;
}

/// Declares statics. In loom tests, each execution begins with new ones.
macro_rules! loom_static {
    ($($statics:tt)*) => { $($statics)* };
}

/// Defines a function that is `const`, except in loom tests.
macro_rules! loom_const_fn {
    ($($function:tt)*) => { $($function)* };
}

pub(crate) use {loom_const_fn, loom_static};

/// Locks a mutex, and ignores poisoning: no user code runs while a lock is held, so a panic cannot leave the data
/// inconsistent.
#[inline]
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
