//! Whether a tokio runtime has an I/O driver, and whether it was started before a fork.
//!
//! A runtime has an I/O driver if its `Builder` has enabled it. tokio has no function to query that, but panics when an
//! fd is registered with a runtime without one. So this module tries to register an invalid fd, once for each runtime,
//! with the panic caught and hidden from the panic hook.
//!
//! Where panics abort, this cannot be tried. There an fd is registered anyway, as tokio's own types do: if the runtime
//! has no I/O driver, the program ends with tokio's message. From then on the runtime is known to have one. A sleep must
//! not end a program, so timers use only runtimes that are known.
//!
//! # Invariants
//! - A thread that has found a runtime unknown notices when an fd has been registered with it.
//!   A registration: (1) records the runtime, (2) increments `REGISTERED`.
//!   A timer: (1) reads `REGISTERED`, (2) looks the runtime up, (3) caches the result with the count.
//!   If the lookup is too early to find the runtime, the count that is cached is outdated.

use super::{Handle, TokioFd, can_enter};
use crate::fork::PerProcess;
use crate::reactor::Interest;
use crate::reactor::probe::{CAN_CATCH, catch_probe};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock, loom_static, thread_local};
use std::cell::Cell;
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use tokio::runtime::Id;

/// The capacity of `KNOWN`. Ids of runtimes are never reused.
const REMEMBERED: usize = 1024;

type HasIo = Mutex<Option<HashMap<Id, bool>>>;

loom_static! {
    static KNOWN: PerProcess<HasIo> = PerProcess::new(Mutex::new(None));
}

/// How many runtimes have become known by [`note_registered`].
static REGISTERED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    /// The runtime that this thread has queried last, and the result.
    static LAST: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
}

/// Whether the runtime is known to have an I/O driver that works in this process.
pub(super) fn has_io(handle: &Handle) -> bool {
    query(handle) == Some(true)
}

/// Whether fds are registered with the runtime: if it has an I/O driver and, where panics abort, also if that is not
/// known.
pub(super) fn may_have_io(handle: &Handle) -> bool {
    query(handle).unwrap_or(!CAN_CATCH)
}

/// `None` if it is not known, and cannot be tried.
fn query(handle: &Handle) -> Option<bool> {
    let id = handle.id();
    match LAST.try_with(Cell::get) {
        Ok(Some((last, has_io))) if last == id => Some(has_io && !is_inherited(id)),
        _ if is_inherited(id) => Some(false),
        _ => find_io(handle, id),
    }
}

/// Whether a runtime was used with this crate before this process was forked. Then its fds are shared with the parent,
/// and its threads do not exist here. True also if the parent's lock was held at the fork, because the map cannot be
/// read then.
#[inline]
pub(super) fn is_inherited(id: Id) -> bool {
    KNOWN.inherited().any(|has_io| match has_io.try_lock() {
        Ok(known) => known.as_ref().is_some_and(|known| known.contains_key(&id)),
        Err(_) => true,
    })
}

/// Records that an fd was registered with the runtime, so that it is known where it cannot be tried.
#[inline]
pub(super) fn note_registered(handle: &Handle) {
    let id = handle.id();
    if CAN_CATCH || LAST.try_with(Cell::get) == Ok(Some((id, true))) {
        return;
    }
    let has_io = with_known(|known| match known.entry(id) {
        Entry::Occupied(known) => *known.get(),
        Entry::Vacant(unknown) => {
            unknown.insert(true);
            REGISTERED.fetch_add(1, Ordering::Release);
            true
        }
    });
    let _ = LAST.try_with(|last| last.set(Some((id, has_io))));
}

/// How many runtimes have become known by a registration. While this does not change, an unknown one stays unknown.
#[inline]
pub(crate) fn registered_runtimes() -> usize {
    REGISTERED.load(Ordering::Acquire)
}

/// Records that the runtime has shut down. From then on [`has_io`] returns false for it, except on a thread that has
/// queried this runtime last.
pub(super) fn mark_shut_down(handle: &Handle) {
    let id = handle.id();
    with_known(|known| known.insert(id, false));
    let _ = LAST.try_with(|last| last.set(Some((id, false))));
}

#[cold]
fn find_io(handle: &Handle, id: Id) -> Option<bool> {
    let found = match with_known(|known| known.get(&id).copied()) {
        Some(found) => found,
        None if !can_probe() => return None,
        None => {
            let found = catch_probe(|| drop(TokioFd::new(handle, -1, Interest::READABLE)));
            // Another thread may have recorded meanwhile that the runtime has shut down.
            with_known(|known| *known.entry(id).or_insert(found))
        }
    };
    let _ = LAST.try_with(|last| last.set(Some((id, found))));
    Some(found)
}

/// A panicking thread cannot replace the panic hook; and an ending thread cannot register an fd with any runtime.
fn can_probe() -> bool {
    CAN_CATCH && !std::thread::panicking() && can_enter()
}

/// Calls `f` with the map of this process, which has room for one more entry.
fn with_known<R>(f: impl FnOnce(&mut HashMap<Id, bool>) -> R) -> R {
    let mut known = lock(KNOWN.get(|_| Mutex::new(None)));
    let known = known.get_or_insert_default();
    if known.len() >= REMEMBERED {
        known.clear();
    }
    f(known)
}
