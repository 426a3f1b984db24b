//! Which virtual time the calling code is in.
//!
//! Each thread has a stack of the virtual times that it has entered; the last one entered is the current one. A guard
//! removes its own entry, so guards may be dropped in any order.

use super::Shared;
use crate::system_clock::ClockId;
use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

thread_local! {
    static ENTERED: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

struct Entry {
    time: Arc<Shared>,
    /// The id of the guard. Unique on this stack.
    id: u64,
    /// The number of the scoped future whose poll has pushed this entry.
    scoped: Option<u64>,
}

/// Keeps the thread in a virtual time until it is dropped. Returned by
/// [`VirtualTime::enter`](crate::VirtualTime::enter).
///
/// It cannot be sent to another thread.
///
/// ```
/// use dormouse::VirtualTime;
/// let time = VirtualTime::new();
/// let guard = time.enter();
/// drop(guard); // Back in real time.
/// ```
#[derive(Debug)]
#[must_use = "the thread is in the virtual time only while the guard lives"]
pub struct EnterGuard {
    id: u64,
    this_thread: PhantomData<*const ()>,
}

impl EnterGuard {
    pub(crate) fn enter(time: &Arc<Shared>) -> EnterGuard {
        EnterGuard::push(time, None)
    }

    /// For the poll of a scoped future: see [`scoped_polls`].
    pub(crate) fn enter_scoped(time: &Arc<Shared>, task: u64) -> EnterGuard {
        EnterGuard::push(time, Some(task))
    }

    fn push(time: &Arc<Shared>, scoped: Option<u64>) -> EnterGuard {
        let id = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let id = entered.last().map_or(0, |entry| entry.id + 1);
            entered.push(Entry { time: time.clone(), id, scoped });
            id
        });
        // No entry if the thread-locals of this thread are destroyed; no entry has the id `u64::MAX`.
        EnterGuard { id: id.unwrap_or(u64::MAX), this_thread: PhantomData }
    }
}

impl Drop for EnterGuard {
    fn drop(&mut self) {
        let entry = ENTERED.try_with(|entered| {
            let mut entered = entered.borrow_mut();
            let index = entered.iter().rposition(|entry| entry.id == self.id)?;
            Some(entered.remove(index))
        });
        // Dropping the last handle of a virtual time drops wakers, which may use this stack: it is not borrowed here.
        drop(entry);
    }
}

/// The virtual time that the caller is in.
pub(crate) fn current() -> Option<Arc<Shared>> {
    with_last(|entry| entry.time.clone())
}

/// What `clock` shows in the virtual time that the caller is in.
#[inline]
pub(super) fn now_ns(clock: ClockId) -> Option<u64> {
    with_last(|entry| entry.time.now_ns(clock))
}

/// The scoped futures of `time` whose polls are on the call stack of the caller.
pub(crate) fn scoped_polls(time: &Arc<Shared>) -> Vec<u64> {
    let tasks = ENTERED.try_with(|entered| {
        let entered = entered.borrow();
        let of_time = entered.iter().filter(|entry| Arc::ptr_eq(&entry.time, time));
        of_time.filter_map(|entry| entry.scoped).collect()
    });
    tasks.unwrap_or_default()
}

fn with_last<R>(f: impl FnOnce(&Entry) -> R) -> Option<R> {
    ENTERED.try_with(|entered| entered.borrow().last().map(f)).ok().flatten()
}
