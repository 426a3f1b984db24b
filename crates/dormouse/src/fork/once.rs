//! A value that is initialized once, and for which a child of `fork` never waits.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The id of this process, by the system call itself: a preloaded library can replace the function of libc.
pub(super) fn process_id() -> u32 {
    rustix::process::getpid().as_raw_nonzero().get().unsigned_abs()
}

/// Like a `OnceLock`. But if a thread of the parent was initializing it at the fork, the child of the fork does not wait:
/// that thread does not exist there.
#[derive(Debug)]
pub(crate) struct Once<T> {
    value: OnceLock<T>,
    /// The id of the process that initializes the value, or has done so. 0 before.
    initializer: AtomicU32,
}

impl<T> Once<T> {
    pub(crate) const fn new() -> Once<T> {
        Once { value: OnceLock::new(), initializer: AtomicU32::new(0) }
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.get()
    }

    /// Whether a thread of an ancestor was about to create the value at the fork.
    #[cfg_attr(not(feature = "smol"), expect(dead_code, reason = "only for async-io"))]
    pub(crate) fn is_abandoned(&self) -> bool {
        let initializer = self.initializer.load(Ordering::Acquire);
        initializer != 0 && initializer != process_id() && self.get().is_none()
    }

    /// The value, which the first call creates. `None` if a thread of an ancestor was about to create it at the fork.
    pub(crate) fn get_or_init(&self, create: impl FnOnce() -> T) -> Option<&T> {
        if let Some(value) = self.value.get() {
            return Some(value);
        }
        let id = process_id();
        let initializer =
            self.initializer.compare_exchange(0, id, Ordering::AcqRel, Ordering::Acquire);
        match initializer {
            Ok(_) => {
                let _ = self.value.set(create());
            }
            // Another thread of this process creates it.
            Err(other) if other == id => {
                while self.value.get().is_none() {
                    // Not `yield_now`, which does not let a thread of a lower real-time priority run.
                    std::thread::sleep(Duration::from_micros(20));
                }
            }
            Err(_) => {}
        }
        self.value.get()
    }
}
