//! The queues of tokio runtimes.
//!
//! The first timer of a runtime on a clock acquires a queue from the pool; when the runtime shuts down, its queues
//! return there. A runtime is identified by its id, which tokio never reuses. Each thread caches the queues of the
//! runtime that it was in last, so that finding the queue takes a few ns.

#[cfg(all(loom, test))]
pub(super) mod loom_tests;
#[cfg_attr(all(loom, test), path = "runtime/polled/mock.rs")]
mod polled;
#[cfg(all(test, not(loom)))]
mod tests;

use super::queue::{ReactorKind, TimerQueue};
use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::reactor::{Reactor, current_runtime, registered_runtimes, tokio_reactor};
use crate::sync::{Mutex, lock, loom_const_fn, loom_static, thread_local, tokio};
use std::cell::Cell;
use std::collections::HashMap;
use std::task::Waker;
use tokio::runtime::{Handle, Id, RuntimeFlavor};

/// A queue, and the epoch in which it serves a runtime.
#[derive(Clone, Copy)]
pub(crate) struct RuntimeQueue {
    pub(crate) queue: &'static TimerQueue,
    pub(crate) epoch: u64,
}

/// Indexed by clock. `None` before the first timer of that clock.
type RuntimeQueues = [Option<RuntimeQueue>; ClockId::ALL.len()];

loom_static! {
    static POOL: PerProcess<Pool> = PerProcess::new(Pool::new());
}

struct Pool {
    in_use: Mutex<Option<HashMap<Id, RuntimeQueues>>>,
    /// Queues whose runtime has shut down, by clock.
    free: Mutex<[Vec<&'static TimerQueue>; ClockId::ALL.len()]>,
}

impl Pool {
    loom_const_fn! {
        const fn new() -> Pool {
            let free = [const { Vec::new() }; ClockId::ALL.len()];
            Pool { in_use: Mutex::new(None), free: Mutex::new(free) }
        }
    }
}

fn pool() -> &'static Pool {
    POOL.get(|_| Pool::new())
}

/// What a thread caches of a runtime.
#[derive(Clone, Copy)]
struct CachedRuntime {
    id: Id,
    /// Whether it is known to have a reactor (`enable_io`).
    has_io: bool,
    /// [`registered_runtimes`] before that was looked up.
    registered: usize,
    queues: RuntimeQueues,
}

thread_local! {
    /// The runtime that this thread was in last.
    static CACHE: Cell<Option<CachedRuntime>> = const { Cell::new(None) };
}

/// The queue of the tokio runtime that the caller, polled with `waker`, is inside.
///
/// `None` outside of any runtime, if the runtime is not known to have a reactor, and inside a current-thread runtime that
/// does not poll the caller (see `polled`).
#[inline]
pub(crate) fn current(clock: ClockId, waker: &Waker) -> Option<RuntimeQueue> {
    let handle = current_runtime()?;
    if handle.runtime_flavor() == RuntimeFlavor::CurrentThread && !polled::is_polled_by_tokio(waker)
    {
        return None;
    }
    let id = handle.id();
    match CACHE.try_with(Cell::get) {
        Ok(Some(cached)) if cached.id == id => match cached.queues[clock as usize] {
            Some(current) => (!current.queue.is_inherited()).then_some(current),
            None if !cached.has_io && cached.registered == registered_runtimes() => None,
            None => find(&handle, id, clock),
        },
        _ => find(&handle, id, clock),
    }
}

#[cold]
fn find(handle: &Handle, id: Id, clock: ClockId) -> Option<RuntimeQueue> {
    let registered = registered_runtimes();
    let reactor = tokio_reactor(handle);
    let mut queues = RuntimeQueues::default();
    if let Some(reactor) = &reactor {
        let mut in_use = lock(&pool().in_use);
        let in_use = in_use.get_or_insert_default();
        queues = in_use.get(&id).copied().unwrap_or_default();
        if queues[clock as usize].is_none() {
            queues[clock as usize] = Some(acquire(reactor, clock)?);
            in_use.insert(id, queues);
        }
    }
    // A panicking thread cannot find out whether the runtime has a reactor, so then its absence is not cached.
    if reactor.is_some() || !std::thread::panicking() {
        let cached = CachedRuntime { id, has_io: reactor.is_some(), registered, queues };
        let _ = CACHE.try_with(|cache| cache.set(Some(cached)));
    }
    queues[clock as usize]
}

/// Starts a queue on the reactor: one from the pool, or a new one if the pool is empty.
fn acquire(reactor: &Reactor, clock: ClockId) -> Option<RuntimeQueue> {
    let free = lock(&pool().free)[clock as usize].pop();
    let queue =
        free.unwrap_or_else(|| Box::leak(Box::new(TimerQueue::new(clock, ReactorKind::Tokio))));
    match queue.start_on(reactor) {
        Ok(epoch) => Some(RuntimeQueue { queue, epoch }),
        Err(_) => {
            lock(&pool().free)[clock as usize].push(queue);
            None
        }
    }
}

/// Returns a queue to the pool after its runtime has shut down.
pub(crate) fn release(queue: &'static TimerQueue, clock: ClockId) {
    let mut in_use = lock(&pool().in_use);
    if let Some(in_use) = in_use.as_mut() {
        in_use.retain(|_, queues| {
            queues[clock as usize].take_if(|used| std::ptr::eq(used.queue, queue));
            queues.iter().any(Option::is_some)
        });
    }
    drop(in_use);
    lock(&pool().free)[clock as usize].push(queue);
}
