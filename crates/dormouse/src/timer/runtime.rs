//! The queues of tokio runtimes.
//!
//! The first timer of a runtime on a clock acquires a queue from the pool; when the runtime shuts down, its queues
//! return there. A runtime is identified by its id, which is not reused (see `runtimes.rs`). Each thread
//! caches the queues of the runtime that it was in last, so that finding the queue takes a few ns.
//!
//! A cached queue may serve another runtime by now. Then the epoch in the cache is outdated, and the queue rejects it.

#[cfg(all(loom, test))]
pub(super) mod loom_tests;
#[cfg(all(test, not(any(loom, dormouse_portable, windows))))]
mod tests;

use super::queue::{ReactorKind, TimerQueue};
use crate::clock::ClockId;
use crate::fork::PerProcess;
use crate::reactor::{Reactor, registered_runtimes, tokio_reactor};
use crate::runtimes;
use crate::sync::{Mutex, lock, loom_const_fn, loom_static, thread_local, tokio};
use std::cell::Cell;
use std::collections::HashMap;
use tokio::runtime::{Handle, Id, RuntimeFlavor, worker_index};

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

    /// The queues that are in use, of a pool that this process has inherited. None if a thread of the parent held the
    /// lock at the fork: then it is never released.
    fn inherited(&self) -> Vec<&'static TimerQueue> {
        let Ok(in_use) = self.in_use.try_lock() else { return Vec::new() };
        let queues = in_use.iter().flat_map(HashMap::values).flatten().flatten();
        queues.map(|used| used.queue).collect()
    }

    /// In the child of a fork, wakes the tasks whose timers were inherited.
    fn drain_if_inherited(&self) {
        self.inherited().into_iter().for_each(TimerQueue::drain_if_inherited);
    }
}

/// The queues of tokio runtimes that this process has inherited from its ancestors.
pub(super) fn inherited() -> impl Iterator<Item = &'static TimerQueue> {
    POOL.inherited().flat_map(Pool::inherited)
}

/// All queues that runtimes of this process use, or have used.
#[cfg(feature = "stats")]
pub(super) fn all() -> Option<Vec<&'static TimerQueue>> {
    let in_use = lock(&pool().in_use);
    let mut queues: Vec<_> =
        lock(&pool().free).iter().flat_map(|free| free.iter().copied()).collect();
    let runtimes = in_use.iter().flat_map(HashMap::values);
    queues.extend(runtimes.flatten().flatten().map(|used| used.queue));
    Some(queues)
}

fn pool() -> &'static Pool {
    POOL.get_then(|_| Pool::new(), Pool::drain_if_inherited)
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

/// The queue of the tokio runtime that the caller is inside.
///
/// `None` outside of any runtime, if the runtime is not known to have a reactor, and if it is a current-thread runtime
/// that this thread does not drive.
#[inline]
pub(crate) fn current(clock: ClockId) -> Option<RuntimeQueue> {
    let handle = runtimes::current()?;
    if handle.runtime_flavor() == RuntimeFlavor::CurrentThread && !drives_current_thread() {
        return None;
    }
    let id = handle.id();
    match CACHE.try_with(Cell::get) {
        Ok(Some(cached)) if cached.id == id => match cached.queues[clock as usize] {
            // In a child of a fork, the queue itself rejects timers.
            Some(current) => Some(current),
            None if !cached.has_io && cached.registered == registered_runtimes() => None,
            None => find(&handle, id, clock),
        },
        _ => find(&handle, id, clock),
    }
}

/// Whether this thread drives a current-thread runtime. (Also true on the first worker of a multi-threaded runtime: tokio
/// does not report whether the runtime that this thread works for is the one that the caller is inside.)
///
/// Within `Runtime::enter`, in `spawn_blocking` and in `Handle::block_on`, the caller is inside a current-thread runtime
/// that another thread drives, or no thread at all. In the second case, its reactor wakes no task.
///
/// The waker does not tell which executor polls. A future with wakers of its own, such as a `FuturesUnordered`, uses the
/// same one under each executor, and a later waker may have the address of an earlier one.
fn drives_current_thread() -> bool {
    worker_index() == Some(0)
}

#[cold]
fn find(handle: &Handle, id: Id, clock: ClockId) -> Option<RuntimeQueue> {
    if is_inherited(id) {
        return None;
    }
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

/// Whether the runtime has used a queue in a parent of this process. True also if the parent's lock was held at the fork.
fn is_inherited(id: Id) -> bool {
    POOL.inherited().any(|pool| match pool.in_use.try_lock() {
        Ok(in_use) => in_use.as_ref().is_some_and(|in_use| in_use.contains_key(&id)),
        Err(_) => true,
    })
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
    // Before the lock of `in_use` is released, so that a queue is always found in one of the two.
    lock(&pool().free)[clock as usize].push(queue);
}
