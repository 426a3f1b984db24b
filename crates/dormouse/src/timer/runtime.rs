//! Which queue belongs to which tokio runtime.
//!
//! A runtime is known by its id, which tokio never uses twice. The answer for the runtime that a
//! thread was in last is kept in the thread; so finding the queue takes a few ns.

#[cfg(all(loom, test))]
mod models;
#[cfg(not(all(loom, test)))]
mod polled;

use super::queue::{Home, Queue};
use crate::clock::ClockId;
use crate::fork::PerProcess;
#[cfg(all(loom, test))]
use crate::model::tokio::{self, polled};
use crate::reactor::Reactor;
use crate::sync::{Mutex, const_fn, lock, statics, thread_local};
use std::cell::Cell;
use std::collections::HashMap;
use std::task::Waker;
use tokio::runtime::{Handle, Id, RuntimeFlavor};

/// A queue, and the term of office in which it serves a runtime.
#[derive(Clone, Copy)]
pub(crate) struct Lease {
    pub(crate) queue: &'static Queue,
    pub(crate) term: u64,
}

/// By clock.
type Leases = [Option<Lease>; ClockId::ALL.len()];

statics! {
    static POOL: PerProcess<Pool> = PerProcess::new(Pool::new());
}

struct Pool {
    runtimes: Mutex<Option<HashMap<Id, Leases>>>,
    /// Queues whose runtime has ended.
    free: Mutex<[Vec<&'static Queue>; ClockId::ALL.len()]>,
}

impl Pool {
    const_fn! {
        const fn new() -> Pool {
            let free = [const { Vec::new() }; ClockId::ALL.len()];
            Pool { runtimes: Mutex::new(None), free: Mutex::new(free) }
        }
    }
}

fn pool() -> &'static Pool {
    POOL.here(|_| Pool::new())
}

thread_local! {
    /// The runtime this thread was in last, and whether its reactor can serve.
    static LAST: Cell<Option<(Id, bool, Leases)>> = const { Cell::new(None) };
}

/// The queue of the runtime that the caller, polled with `waker`, is inside; `None` outside of any, or if the runtime
/// cannot serve.
#[inline]
pub(crate) fn current(clock: ClockId, waker: &Waker) -> Option<Lease> {
    let handle = crate::context::tokio()?;
    if handle.runtime_flavor() == RuntimeFlavor::CurrentThread && !polled::by_tokio(waker) {
        return None;
    }
    let id = handle.id();
    match LAST.try_with(Cell::get) {
        Ok(Some((last, false, _))) if last == id => return None,
        Ok(Some((last, true, leases))) if last == id && leases[clock as usize].is_some() => {
            return leases[clock as usize].filter(|lease| !lease.queue.is_parents());
        }
        _ => {}
    }
    find(&handle, id, clock)
}

#[cold]
fn find(handle: &Handle, id: Id, clock: ClockId) -> Option<Lease> {
    let reactor = Reactor::tokio_with_io(handle);
    let mut leases = Leases::default();
    if let Some(reactor) = &reactor {
        let mut runtimes = lock(&pool().runtimes);
        let known = runtimes.get_or_insert_default();
        leases = known.get(&id).copied().unwrap_or_default();
        if leases[clock as usize].is_none() {
            leases[clock as usize] = Some(hire(reactor, clock)?);
            known.insert(id, leases);
        }
    }
    // While panicking it may not have been possible to ask; so the answer does not count for later.
    if reactor.is_some() || !std::thread::panicking() {
        let _ = LAST.try_with(|last| last.set(Some((id, reactor.is_some(), leases))));
    }
    leases[clock as usize]
}

/// Puts a queue on the reactor, one that has served before if there is any.
fn hire(reactor: &Reactor, clock: ClockId) -> Option<Lease> {
    let free = lock(&pool().free)[clock as usize].pop();
    let queue = free.unwrap_or_else(|| Box::leak(Box::new(Queue::new(clock, Home::Tokio))));
    match queue.start_on(reactor) {
        Ok(term) => Some(Lease { queue, term }),
        Err(_) => {
            lock(&pool().free)[clock as usize].push(queue);
            None
        }
    }
}

/// The runtime of `queue` has ended.
pub(crate) fn retire(queue: &'static Queue, clock: ClockId) {
    let mut runtimes = lock(&pool().runtimes);
    if let Some(known) = runtimes.as_mut() {
        known.retain(|_, leases| {
            leases[clock as usize].take_if(|lease| std::ptr::eq(lease.queue, queue));
            leases.iter().any(Option::is_some)
        });
    }
    drop(runtimes);
    lock(&pool().free)[clock as usize].push(queue);
}

#[cfg(all(loom, test))]
pub(crate) fn dismantle() {
    let mut queues: Vec<_> = lock(&pool().free).iter_mut().flat_map(std::mem::take).collect();
    let runtimes = lock(&pool().runtimes).take().unwrap_or_default();
    queues.extend(runtimes.into_values().flatten().flatten().map(|lease| lease.queue));
    queues.into_iter().for_each(Queue::dismantle);
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
