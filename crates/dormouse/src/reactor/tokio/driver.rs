//! Whether a tokio runtime has an I/O driver, and whether it was started before a fork.
//!
//! A runtime has an I/O driver if its `Builder` has enabled it. tokio has no function to query that, but panics when an
//! fd is registered with a runtime without one. So this module tries to register an invalid fd, once for each runtime,
//! and catches the panic.
//!
//! The panic hook of the program sees that panic. To hide it, this crate would have to take the hook of the process, and
//! put it back. std has no exchange in one step: a hook that the program sets in between is lost.
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

use super::registration::probe;
use super::{Handle, can_enter};
use crate::fork::PerProcess;
use crate::probe::{CAN_CATCH, can_probe, catch_probe};
use crate::runtimes::{self, Runtimes};
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock, loom_static, thread_local};
use std::cell::Cell;
use std::ptr;
use tokio::runtime::Id;

/// Which runtimes have an I/O driver.
type Known = runtimes::Known<bool>;

loom_static! {
    static KNOWN: PerProcess<Known> = PerProcess::new(Mutex::new(None));
}

/// How many runtimes have become known by [`note_registered`].
static REGISTERED: AtomicUsize = AtomicUsize::new(0);

/// The runtime that a thread has queried last, and the result.
#[derive(Clone, Copy)]
struct Queried {
    id: Id,
    has_io: bool,
    /// The map of the process in which it was queried. A child of a fork, which has a copy of this, has another map.
    known: &'static Known,
}

thread_local! {
    static LAST: Cell<Option<Queried>> = const { Cell::new(None) };
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
    match last(id) {
        Some(last) if ptr::eq(last.known, known()) => Some(last.has_io),
        _ if is_inherited(id) => Some(false),
        _ => find_io(handle, id),
    }
}

/// Whether a runtime was used with this crate before this process was forked.
#[inline]
pub(super) fn is_inherited(id: Id) -> bool {
    last(id).is_some_and(|last| !ptr::eq(last.known, known())) || runtimes::is_inherited(&KNOWN, id)
}

/// Records that an fd was registered with the runtime, so that it is known where it cannot be tried.
#[inline]
pub(super) fn note_registered(handle: &Handle) {
    let id = handle.id();
    if CAN_CATCH || last(id).is_some_and(|last| last.has_io) {
        return;
    }
    let has_io = with_known(|runtimes| {
        runtimes.get(id).unwrap_or_else(|| {
            runtimes.insert(id, true);
            REGISTERED.fetch_add(1, Ordering::Release);
            true
        })
    });
    set_last(id, has_io);
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
    with_known(|runtimes| runtimes.insert(id, false));
    set_last(id, false);
}

#[cold]
fn find_io(handle: &Handle, id: Id) -> Option<bool> {
    let found = match with_known(|runtimes| runtimes.get(id)) {
        Some(found) => found,
        // An ending thread cannot register an fd with any runtime.
        None if !can_probe() || !can_enter() => return None,
        None => {
            let found = catch_probe(|| probe(handle));
            with_known(|runtimes| {
                // Another thread may have recorded meanwhile that the runtime has shut down.
                runtimes.get(id).unwrap_or_else(|| {
                    runtimes.insert(id, found);
                    found
                })
            })
        }
    };
    set_last(id, found);
    Some(found)
}

/// The result of this thread's last query, if it was for this runtime.
#[inline]
fn last(id: Id) -> Option<Queried> {
    LAST.try_with(Cell::get).ok().flatten().filter(|last| last.id == id)
}

fn set_last(id: Id, has_io: bool) {
    let _ = LAST.try_with(|last| last.set(Some(Queried { id, has_io, known: known() })));
}

/// The map of this process.
#[inline]
fn known() -> &'static Known {
    KNOWN.get(|_| Mutex::new(None))
}

fn with_known<R>(f: impl FnOnce(&mut Runtimes<bool>) -> R) -> R {
    f(lock(known()).get_or_insert_default())
}
