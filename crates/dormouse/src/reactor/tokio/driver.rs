//! Whether a tokio runtime has an I/O driver, and whether it was started before a fork.
//!
//! A runtime has an I/O driver if its `Builder` has enabled it. tokio has no function to query that, but panics when an
//! fd is registered with a runtime without one. So this module tries to register an invalid fd, once for each runtime,
//! with the panic caught and hidden from the panic hook. Where panics abort, this cannot be tried: then tokio is used
//! only if the caller chooses it explicitly.

use super::{Handle, TokioFd, can_enter};
use crate::fork::PerProcess;
use crate::reactor::Interest;
use crate::reactor::probe::{CAN_CATCH, catch_probe};
use crate::sync::{Mutex, lock, loom_static, thread_local};
use std::cell::Cell;
use std::collections::HashMap;
use tokio::runtime::Id;

/// Whether [`has_io`] can find out.
pub(super) const CAN_PROBE: bool = CAN_CATCH;

/// The capacity of `KNOWN`. Ids of runtimes are never reused.
const REMEMBERED: usize = 1024;

type HasIo = Mutex<Option<HashMap<Id, bool>>>;

loom_static! {
    static KNOWN: PerProcess<HasIo> = PerProcess::new(Mutex::new(None));
}

thread_local! {
    /// The runtime that this thread has queried last, and the result.
    static LAST: Cell<Option<(Id, bool)>> = const { Cell::new(None) };
}

/// Whether the runtime has an I/O driver that works in this process.
pub(super) fn has_io(handle: &Handle) -> bool {
    if !CAN_PROBE {
        return false;
    }
    let id = handle.id();
    match LAST.try_with(Cell::get) {
        Ok(Some((last, has_io))) if last == id => has_io && !is_inherited(id),
        _ => !is_inherited(id) && find_io(handle, id),
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

/// Records that the runtime has shut down. From then on [`has_io`] returns false for it, except on a thread that has
/// queried this runtime last.
#[allow(dead_code, reason = "for fds that outlive their runtime")]
pub(super) fn mark_shut_down(handle: &Handle) {
    let id = handle.id();
    with_known(|known| known.insert(id, false));
    let _ = LAST.try_with(|last| last.set(Some((id, false))));
}

#[cold]
fn find_io(handle: &Handle, id: Id) -> bool {
    let found = match with_known(|known| known.get(&id).copied()) {
        Some(found) => found,
        // A panicking thread cannot replace the panic hook; and an ending thread cannot register an fd with any
        // runtime.
        None if std::thread::panicking() || !can_enter() => return false,
        None => {
            let found = catch_probe(|| drop(TokioFd::new(handle, -1, Interest::READABLE)));
            // Another thread may have recorded meanwhile that the runtime has shut down.
            with_known(|known| *known.entry(id).or_insert(found))
        }
    };
    let _ = LAST.try_with(|last| last.set(Some((id, found))));
    found
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
