//! In place of `sync.rs` in loom tests: loom's locks, atomics and threads, under std's names.

#[cfg(feature = "tokio")]
pub(crate) use crate::loom_test::tokio;
pub(crate) use loom::sync::{Mutex, MutexGuard};

use std::cell::OnceCell;
use std::io;
use std::sync::Arc;
use std::sync::PoisonError;
use std::time::Duration;

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

pub(crate) mod unexplored {
    pub(crate) use std::sync::atomic::AtomicU32;
    #[allow(unused_imports, reason = "only the feature test-util uses it")]
    pub(crate) use std::sync::atomic::AtomicU64;
}

pub(crate) mod atomic {
    pub(crate) use std::sync::atomic::Ordering;

    use std::ops::Deref;

    macro_rules! atomic {
        ($Atomic:ident, $T:ty, $zero:expr) => {
            #[derive(Debug)]
            pub(crate) struct $Atomic(loom::sync::atomic::$Atomic);

            impl $Atomic {
                pub(crate) fn new(value: $T) -> Self {
                    Self(loom::sync::atomic::$Atomic::new(value))
                }

                /// loom gives the total order of `SeqCst` to fences only.
                #[allow(dead_code)] // Some types are only swapped.
                pub(crate) fn load(&self, order: Ordering) -> $T {
                    if order == Ordering::SeqCst {
                        loom::sync::atomic::fence(order);
                    }
                    self.0.load(order)
                }

                /// loom orders the stores of several threads only if each reads the value that it replaces. Otherwise
                /// a value that an earlier `swap` has written may be loaded forever.
                #[allow(dead_code)] // Some types are never stored to.
                pub(crate) fn store(&self, value: $T, order: Ordering) {
                    self.0.swap(value, order);
                }
            }

            impl Default for $Atomic {
                fn default() -> Self {
                    Self::new($zero)
                }
            }

            impl Deref for $Atomic {
                type Target = loom::sync::atomic::$Atomic;

                fn deref(&self) -> &Self::Target {
                    &self.0
                }
            }
        };
    }

    atomic!(AtomicBool, bool, false);
    atomic!(AtomicU8, u8, 0);
    atomic!(AtomicU64, u64, 0);
    atomic!(AtomicUsize, usize, 0);
}

/// std's, with a flag that loom sees, so that it explores the order of initializations. An initializer must not wait.
#[derive(Debug)]
pub(crate) struct OnceLock<T> {
    value: std::sync::OnceLock<T>,
    is_set: atomic::AtomicBool,
}

impl<T> OnceLock<T> {
    pub(crate) fn new() -> OnceLock<T> {
        OnceLock { value: std::sync::OnceLock::new(), is_set: atomic::AtomicBool::new(false) }
    }

    pub(crate) fn get(&self) -> Option<&T> {
        if self.is_set.load(atomic::Ordering::Acquire) { self.value.get() } else { None }
    }

    pub(crate) fn set(&self, value: T) -> Result<(), T> {
        let set = self.value.set(value);
        self.is_set.store(true, atomic::Ordering::Release);
        set
    }

    pub(crate) fn get_or_init(&self, value: impl FnOnce() -> T) -> &T {
        if !self.is_set.load(atomic::Ordering::Acquire) {
            self.value.get_or_init(value);
            self.is_set.store(true, atomic::Ordering::Release);
        }
        self.value.get().expect("it has been initialized")
    }
}

/// No time passes for the code that uses it, because an execution of a loom test must not depend on the real time.
pub(crate) mod time {
    use std::time::Duration;

    #[derive(Clone, Copy)]
    pub(crate) struct Instant;

    impl Instant {
        pub(crate) fn now() -> Instant {
            Instant
        }

        pub(crate) fn duration_since(&self, _: Instant) -> Duration {
            Duration::ZERO
        }
    }
}

/// `park` is built from a lock and a condition variable: loom's own does not allow that a thread is unparked while it
/// waits for a lock. A wait that has a timeout times out as soon as the other threads wait.
pub(crate) mod thread {
    pub(crate) use loom::thread::yield_now;

    use super::*;
    use crate::loom_test::{JoinHandle, kernel};
    use crate::sync::lock;
    use loom::sync::Condvar;

    #[derive(Clone, Debug)]
    pub(crate) struct Thread(Arc<ParkToken>);

    #[derive(Debug)]
    struct ParkToken {
        is_available: Mutex<bool>,
        made_available: Condvar,
    }

    impl Thread {
        fn new() -> Thread {
            Thread(Arc::new(ParkToken {
                is_available: Mutex::new(false),
                made_available: Condvar::new(),
            }))
        }

        pub(crate) fn unpark(&self) {
            *lock(&self.0.is_available) = true;
            self.0.made_available.notify_all();
        }
    }

    loom::thread_local! {
        static CURRENT: OnceCell<Thread> = OnceCell::new();
    }

    loom::lazy_static! {
        /// The threads that [`Builder::spawn`] has started.
        static ref SPAWNED: std::sync::Mutex<Vec<(Thread, JoinHandle<()>)>> = Default::default();
    }

    pub(crate) fn current() -> Thread {
        CURRENT.with(|current| current.get_or_init(Thread::new).clone())
    }

    pub(crate) fn park() {
        let thread = current();
        let mut is_available = lock(&thread.0.is_available);
        while !std::mem::take(&mut *is_available) {
            is_available = thread.0.made_available.wait(is_available).unwrap();
        }
        drop(is_available);
        kernel::unwind_if_stopped();
    }

    pub(crate) fn park_timeout(_: Duration) {
        yield_now();
        *lock(&current().0.is_available) = false;
    }

    pub(crate) fn sleep(_: Duration) {
        yield_now();
    }

    /// Starts a thread of this crate. The thread ends when the kernel is stopped: its wait or park unwinds.
    pub(crate) struct Builder;

    pub(crate) struct Spawned(Thread);

    impl Spawned {
        pub(crate) fn thread(&self) -> &Thread {
            &self.0
        }
    }

    impl Builder {
        pub(crate) fn new() -> Builder {
            Builder
        }

        pub(crate) fn name(self, _: String) -> Builder {
            self
        }

        pub(crate) fn spawn(self, run: fn()) -> io::Result<Spawned> {
            let thread = Thread::new();
            let here = thread.clone();
            let handle = crate::loom_test::spawn(move || {
                CURRENT.with(|current| current.set(here)).expect("it is new");
                kernel::run_until_stopped(run);
            });
            SPAWNED.lock().unwrap().push((thread.clone(), handle));
            Ok(Spawned(thread))
        }
    }

    /// Ends the threads that [`Builder::spawn`] has started, after the kernel has been stopped.
    pub(crate) fn join_all() {
        let spawned = std::mem::take(&mut *SPAWNED.lock().unwrap());
        for (thread, handle) in spawned {
            thread.unpark();
            handle.join();
        }
    }
}

macro_rules! loom_static {
    ($($(#[$meta:meta])* static $NAME:ident: $T:ty = $init:expr;)*) => {
        loom::lazy_static! { $($(#[$meta])* static ref $NAME: $T = $init;)* }
    };
}

macro_rules! thread_local_ {
    ($($(#[$meta:meta])* static $NAME:ident: $T:ty = const { $init:expr };)*) => {
        loom::thread_local! { $($(#[$meta])* static $NAME: $T = $init;)* }
    };
}

macro_rules! loom_const_fn {
    ($(#[$meta:meta])* $vis:vis const fn $($rest:tt)*) => { $(#[$meta])* $vis fn $($rest)* };
}

pub(crate) use {loom_const_fn, loom_static, thread_local_ as thread_local};
