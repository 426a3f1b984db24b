//! Which virtual time the calling code is in.
//!
//! Each thread has a stack of those that it is in; the last one entered is the one that counts. A guard
//! takes out its own entry, so guards that are dropped in another order than they were made leave the right
//! one.

use super::{Shared, VirtualTime};
use crate::clock::ClockId;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

thread_local! {
    static ENTERED: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

struct Entry {
    time: Arc<Shared>,
    guard: u64,
    /// By the poll of a scoped future, not by `enter`.
    scoped: bool,
}

/// While it lives, the thread is in a virtual time: made by [`VirtualTime::enter`].
///
/// It cannot be sent to another thread.
///
/// ```
/// use dormouse::VirtualTime;
/// let time = VirtualTime::new();
/// let entered = time.enter();
/// drop(entered); // Back in real time.
/// ```
#[derive(Debug)]
#[must_use = "the thread is in the virtual time only while the guard lives"]
pub struct Entered {
    guard: u64,
    this_thread: PhantomData<*const ()>,
}

impl Entered {
    pub(super) fn new(time: &VirtualTime, scoped: bool) -> Entered {
        let guard = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let guard = entered.last().map_or(0, |entry| entry.guard + 1);
            entered.push(Entry { time: time.0.clone(), guard, scoped });
            guard
        });
        // A thread that is about to end stays where it is.
        Entered { guard: guard.unwrap_or(u64::MAX), this_thread: PhantomData }
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        let entry = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let index = entered.iter().rposition(|entry| entry.guard == self.guard)?;
            Some(entered.remove(index))
        });
        // Dropping the last handle of a virtual time drops wakers.
        drop(entry);
    }
}

/// The virtual time that the caller is in.
pub(super) fn time() -> Option<Arc<Shared>> {
    with_last(|entry| entry.time.clone())
}

/// What the clock shows in the virtual time that the caller is in.
#[inline]
pub(crate) fn now_ns(clock: ClockId) -> Option<u64> {
    with_last(|entry| entry.time.now_ns(clock))
}

/// In how many polls of scoped futures of this time the caller is.
pub(super) fn scopes_here(time: &Arc<Shared>) -> usize {
    let count = ENTERED.try_with(|entered| {
        let here = |entry: &&Entry| entry.scoped && Arc::ptr_eq(&entry.time, time);
        entered.borrow().iter().filter(here).count()
    });
    count.unwrap_or(0)
}

fn with_last<R>(f: impl FnOnce(&Entry) -> R) -> Option<R> {
    ENTERED.try_with(|entered| entered.borrow().last().map(f)).ok().flatten()
}
