//! tokio runtimes: which one the caller is inside, and a map from runtimes to what is known of them.
//!
//! A runtime is identified by its id. tokio only promises that no two runtimes that exist have the same one, but takes it
//! from a counter, so it is not reused.

use crate::context::in_block_on;
use crate::fork::PerProcess;
use crate::sync::{Mutex, tokio};
use std::collections::HashMap;
use tokio::runtime::{Handle, Id};

/// The tokio runtime that the caller is inside. None in this crate's `block_on`, which blocks the thread, and that may
/// be the only thread to drive the runtime.
#[inline]
pub(crate) fn current() -> Option<Handle> {
    if in_block_on() { None } else { Handle::try_current().ok() }
}

/// How many runtimes a generation of [`Runtimes`] holds.
const GENERATION: usize = 1024;

/// What is known of runtimes. tokio does not report when a runtime is dropped, so the map is bounded instead: it keeps the
/// runtimes that were looked up last, at least `GENERATION` of them.
pub(crate) struct Runtimes<V> {
    recent: HashMap<Id, V>,
    /// Those of the previous generation that were not looked up since.
    older: HashMap<Id, V>,
}

/// A map for each process: see [`is_inherited`].
pub(crate) type Known<V> = Mutex<Option<Runtimes<V>>>;

/// Whether something was known of a runtime before this process was forked. Then its fds are shared with the parent, and
/// its threads do not exist here. True also if the parent's lock was held at the fork, because the map cannot be read
/// then.
pub(crate) fn is_inherited<V: Copy>(known: &'static PerProcess<Known<V>>, id: Id) -> bool {
    known.inherited().any(|known| match known.try_lock() {
        Ok(runtimes) => runtimes.as_ref().is_some_and(|runtimes| runtimes.contains(id)),
        Err(_) => true,
    })
}

impl<V> Default for Runtimes<V> {
    fn default() -> Runtimes<V> {
        Runtimes { recent: HashMap::new(), older: HashMap::new() }
    }
}

impl<V: Copy> Runtimes<V> {
    pub(crate) fn get(&mut self, id: Id) -> Option<V> {
        if let Some(&value) = self.recent.get(&id) {
            return Some(value);
        }
        let value = self.older.remove(&id)?;
        self.insert(id, value);
        Some(value)
    }

    pub(crate) fn insert(&mut self, id: Id, value: V) {
        if self.recent.len() >= GENERATION {
            self.older = std::mem::take(&mut self.recent);
        }
        self.recent.insert(id, value);
    }

    fn contains(&self, id: Id) -> bool {
        self.recent.contains_key(&id) || self.older.contains_key(&id)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{GENERATION, Runtimes};
    use tokio::runtime::Builder;

    #[test]
    fn a_runtime_that_is_looked_up_is_not_forgotten() {
        let mut runtimes = Runtimes::default();
        let id = || Builder::new_current_thread().build().unwrap().handle().id();
        let (used, unused) = (id(), id());
        runtimes.insert(used, true);
        runtimes.insert(unused, true);
        for _ in 0..2 * GENERATION {
            runtimes.insert(id(), false);
            assert_eq!(runtimes.get(used), Some(true));
        }
        assert!(!runtimes.contains(unused));
        assert!(runtimes.recent.len() + runtimes.older.len() <= 2 * GENERATION);
    }
}
