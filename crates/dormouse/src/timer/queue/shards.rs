//! The timers of a queue, spread over several wheels, each behind its own lock, so that threads that create and
//! drop timers at the same time rarely contend. A thread inserts into the same shard each time.
//!
//! The number of shards is fixed. It does not follow the number of processors, because a thread can only query on how
//! many it may run itself, which is one for a pinned thread. An unused shard costs each call of `process` an
//! uncontended lock.

use super::Expired;
use crate::stats::Count;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, MutexGuard, lock, loom_const_fn, loom_static, thread_local};
use crate::wheel::{Key, Wheel};
use std::cell::Cell;
use std::task::Waker;

/// Log2 of the number of shards. Two are enough for loom.
const BITS: u32 = if cfg!(all(loom, test)) { 1 } else { 3 };
pub(super) const COUNT: usize = 1 << BITS;
const UNASSIGNED: u8 = u8::MAX;

/// A clock that is found further ahead or behind than this may have been moved. Far more than the coarse clock can be
/// behind the exact one.
const MOVED_NS: u64 = 1_000_000_000;

loom_static! {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
}

thread_local! {
    static CURRENT: Cell<u8> = const { Cell::new(UNASSIGNED) };
}

/// The shard into which the calling thread inserts.
#[inline]
pub(super) fn current() -> usize {
    match CURRENT.with(Cell::get) {
        UNASSIGNED => assign(),
        shard => usize::from(shard),
    }
}

#[cold]
fn assign() -> usize {
    let shard = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT;
    CURRENT.with(|current| current.set(shard as u8));
    shard
}

#[derive(Debug)]
pub(super) struct Shards([CacheAligned; COUNT]);

/// Two cache lines, because processors prefetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
struct CacheAligned(Mutex<Shard>);

#[derive(Debug)]
pub(super) struct Shard {
    /// `None` before the first timer.
    pub(super) wheel: Option<Box<Wheel<Waker>>>,
    /// The epoch whose timers are accepted: that of the queue, once `shut_down` has reached this shard.
    pub(super) epoch: u64,
    /// The last time that was passed to `note_time`.
    noted: u64,
    /// Timers whose task has polled the sleep after the deadline, before they fired.
    pub(super) completed: Count,
    /// Timers that were removed before they fired, for any other reason.
    pub(super) cancelled: Count,
}

impl Shards {
    #[cfg(not(all(loom, test)))]
    pub(super) const fn new() -> Shards {
        Shards([const { CacheAligned::new() }; COUNT])
    }

    #[cfg(all(loom, test))]
    pub(super) fn new() -> Shards {
        Shards(std::array::from_fn(|_| CacheAligned::new()))
    }

    #[inline]
    pub(super) fn lock(&self, shard: usize) -> MutexGuard<'_, Shard> {
        lock(&self.0[shard].0)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Mutex<Shard>> {
        self.0.iter().map(|shard| &shard.0)
    }
}

impl CacheAligned {
    loom_const_fn! {
        const fn new() -> CacheAligned {
            let (completed, cancelled) = (Count::ZERO, Count::ZERO);
            CacheAligned(Mutex::new(Shard { wheel: None, epoch: 0, noted: 0, completed, cancelled }))
        }
    }
}

impl Shard {
    #[inline]
    pub(super) fn insert(&mut self, deadline: u64, now: u64, waker: Waker) -> Key {
        self.wheel.get_or_insert_with(new_wheel).insert(deadline, now, waker)
    }

    /// Returns whether the clock may have been moved forward since the last call: more than a second has passed.
    #[inline]
    pub(super) fn note_time(&mut self, now: u64) -> bool {
        now.saturating_sub(std::mem::replace(&mut self.noted, now)) > MOVED_NS
    }

    /// Whether the wheel was turned to a time long after `now`: the clock was moved back.
    pub(super) fn is_ahead_of(&self, now: u64) -> bool {
        self.wheel.as_ref().is_some_and(|wheel| wheel.elapsed.saturating_sub(now) > MOVED_NS)
    }

    pub(super) fn waker_mut(&mut self, key: Key) -> Option<&mut Waker> {
        self.wheel.as_mut()?.value_mut(key)
    }

    /// Changes the deadline of a timer, and returns whether it was found.
    pub(super) fn reset(&mut self, key: Key, deadline: u64) -> bool {
        self.wheel.as_mut().is_some_and(|wheel| wheel.reset(key, deadline))
    }

    #[inline]
    pub(super) fn remove(&mut self, key: Key) -> Option<Waker> {
        let waker = self.wheel.as_mut()?.remove(key)?;
        self.cancelled.increment();
        Some(waker)
    }

    /// Like [`remove`](Self::remove), for a timer whose sleep has completed.
    #[inline]
    pub(super) fn complete(&mut self, key: Key) -> Option<Waker> {
        let waker = self.wheel.as_mut()?.remove(key)?;
        self.completed.increment();
        Some(waker)
    }

    /// Removes all timers, whenever they are due.
    pub(super) fn drain(&mut self) -> Expired {
        self.wheel.as_mut().map(|wheel| wheel.clear()).unwrap_or_default()
    }
}

/// Not inlined: the wheel is built on the stack, and every insertion would reserve the space.
#[cold]
fn new_wheel() -> Box<Wheel<Waker>> {
    Box::new(Wheel::new())
}

/// Identifies a timer in a queue: its key in the wheel, with the number of the shard in the lowest bits of the index.
///
/// A single number: `insert` returns it in a register. Two halves would be stored separately and read back as one, which
/// waits for both stores, 3 to 4 ns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerId(u64);

impl TimerId {
    #[inline]
    pub(super) fn new(shard: usize, key: Key) -> TimerId {
        let index = key.index << BITS | shard as u32;
        TimerId(u64::from(key.generation) << u32::BITS | u64::from(index))
    }

    #[inline]
    pub(super) fn shard(self) -> usize {
        self.0 as usize % COUNT
    }

    #[inline]
    pub(super) fn key(self) -> Key {
        Key { index: self.0 as u32 >> BITS, generation: (self.0 >> u32::BITS) as u32 }
    }
}
