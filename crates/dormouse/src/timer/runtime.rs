//! Which queue belongs to which tokio runtime.
//!
//! A runtime is known by its id, which tokio never uses twice. The answer for the runtime that a
//! thread was in last is kept in the thread; so finding the queue takes a few ns.

#[cfg(all(loom, test))]
mod loom_tests;
#[cfg(not(all(loom, test)))]
mod polled;

use super::queue::{ReactorKind, TimerQueue};
use crate::clock::ClockId;
use crate::fork::PerProcess;
#[cfg(all(loom, test))]
use crate::loom_test::tokio::{self, polled};
use crate::reactor::{Reactor, current_runtime, tokio_reactor};
use crate::sync::{Mutex, lock, loom_const_fn, loom_static, thread_local};
use std::cell::Cell;
use std::collections::HashMap;
use std::task::Waker;
use tokio::runtime::{Handle, Id, RuntimeFlavor};

/// A queue, and the term of office in which it serves a runtime.
#[derive(Clone, Copy)]
pub(crate) struct RuntimeQueue {
    pub(crate) queue: &'static TimerQueue,
    pub(crate) epoch: u64,
}

/// By clock.
type RuntimeQueues = [Option<RuntimeQueue>; ClockId::ALL.len()];

loom_static! {
    static POOL: PerProcess<Pool> = PerProcess::new(Pool::new());
}

struct Pool {
    runtimes: Mutex<Option<HashMap<Id, RuntimeQueues>>>,
    /// Queues whose runtime has ended.
    free: Mutex<[Vec<&'static TimerQueue>; ClockId::ALL.len()]>,
}

impl Pool {
    loom_const_fn! {
        const fn new() -> Pool {
            let free = [const { Vec::new() }; ClockId::ALL.len()];
            Pool { runtimes: Mutex::new(None), free: Mutex::new(free) }
        }
    }
}

fn pool() -> &'static Pool {
    POOL.get(|_| Pool::new())
}

thread_local! {
    /// The runtime this thread was in last, and whether its reactor can serve.
    static LAST: Cell<Option<(Id, bool, RuntimeQueues)>> = const { Cell::new(None) };
}

/// The queue of the runtime that the caller, polled with `waker`, is inside; `None` outside of any, or if the runtime
/// cannot serve.
#[inline]
pub(crate) fn current(clock: ClockId, waker: &Waker) -> Option<RuntimeQueue> {
    let handle = current_runtime()?;
    if handle.runtime_flavor() == RuntimeFlavor::CurrentThread && !polled::is_polled_by_tokio(waker)
    {
        return None;
    }
    let id = handle.id();
    match LAST.try_with(Cell::get) {
        Ok(Some((last, false, _))) if last == id => return None,
        Ok(Some((last, true, runtime_queues)))
            if last == id && runtime_queues[clock as usize].is_some() =>
        {
            return runtime_queues[clock as usize]
                .filter(|runtime_queue| !runtime_queue.queue.is_inherited());
        }
        _ => {}
    }
    find(&handle, id, clock)
}

#[cold]
fn find(handle: &Handle, id: Id, clock: ClockId) -> Option<RuntimeQueue> {
    let reactor = tokio_reactor(handle);
    let mut runtime_queues = RuntimeQueues::default();
    if let Some(reactor) = &reactor {
        let mut runtimes = lock(&pool().runtimes);
        let known = runtimes.get_or_insert_default();
        runtime_queues = known.get(&id).copied().unwrap_or_default();
        if runtime_queues[clock as usize].is_none() {
            runtime_queues[clock as usize] = Some(acquire(reactor, clock)?);
            known.insert(id, runtime_queues);
        }
    }
    // While panicking it may not have been possible to ask; so the answer does not count for later.
    if reactor.is_some() || !std::thread::panicking() {
        let _ = LAST.try_with(|last| last.set(Some((id, reactor.is_some(), runtime_queues))));
    }
    runtime_queues[clock as usize]
}

/// Puts a queue on the reactor, one that has served before if there is any.
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

/// The runtime of `queue` has ended.
pub(crate) fn release(queue: &'static TimerQueue, clock: ClockId) {
    let mut runtimes = lock(&pool().runtimes);
    if let Some(known) = runtimes.as_mut() {
        known.retain(|_, runtime_queues| {
            runtime_queues[clock as usize]
                .take_if(|runtime_queue| std::ptr::eq(runtime_queue.queue, queue));
            runtime_queues.iter().any(Option::is_some)
        });
    }
    drop(runtimes);
    lock(&pool().free)[clock as usize].push(queue);
}

#[cfg(all(loom, test))]
pub(crate) fn reset_after_test() {
    let mut queues: Vec<_> = lock(&pool().free).iter_mut().flat_map(std::mem::take).collect();
    let runtimes = lock(&pool().runtimes).take().unwrap_or_default();
    queues.extend(
        runtimes.into_values().flatten().flatten().map(|runtime_queue| runtime_queue.queue),
    );
    queues.into_iter().for_each(TimerQueue::reset_after_test);
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn runtimes_one_after_the_other_share_one_queue() {
        for _ in 0..20 {
            let runtime =
                tokio::runtime::Builder::new_current_thread().enable_io().build().unwrap();
            // One that waits, however slow this thread is: one that is over at its first poll needs no queue.
            let waits =
                crate::timeout(Duration::from_millis(1), crate::sleep(Duration::from_secs(3600)));
            assert!(runtime.block_on(waits).is_err());
            let id = runtime.handle().id();
            assert!(lock(&pool().runtimes).as_ref().unwrap().contains_key(&id));
            drop(runtime);
            assert!(!lock(&pool().runtimes).as_ref().unwrap().contains_key(&id));
        }
        assert_eq!(lock(&pool().free)[ClockId::Boottime as usize].len(), 1);
    }
}
