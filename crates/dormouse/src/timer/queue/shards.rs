//! A queue's timers in parts, each behind a lock of its own, so that threads which create and drop timers
//! all the time do not wait for one another. A thread puts its timers into the same part always.
//!
//! How many there are is fixed: what a thread can ask the system for, the number of processors that it may run
//! on, is one for a thread that is pinned. A part that nobody uses costs a turn an uncontended lock.

use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, loom_const_fn, loom_static, thread_local};
use crate::wheel::{Key, Wheel};
use std::cell::Cell;
use std::task::Waker;

/// Log2 of how many there are.
const BITS: u32 = if cfg!(all(loom, test)) { 1 } else { 3 };
pub(super) const MAX: usize = 1 << BITS;
const UNKNOWN: u8 = u8::MAX;

loom_static! {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
}

thread_local! {
    static CURRENT: Cell<u8> = const { Cell::new(UNKNOWN) };
}

/// The one that the calling thread uses.
#[inline]
pub(super) fn current_shard() -> usize {
    match CURRENT.with(Cell::get) {
        UNKNOWN => choose(),
        shard => usize::from(shard),
    }
}

#[cold]
fn choose() -> usize {
    let shard = NEXT.fetch_add(1, Ordering::Relaxed) % MAX;
    CURRENT.with(|here| here.set(shard as u8));
    shard
}

/// On cache lines of its own: processors fetch them in pairs.
#[derive(Debug)]
#[repr(align(128))]
pub(super) struct Shard(pub(super) Mutex<ShardState>);

#[derive(Debug)]
pub(super) struct ShardState {
    pub(super) wheel: Option<Wheel<Waker>>,
    /// The term of office of the queue for which timers are accepted.
    pub(super) epoch: u64,
}

impl Shard {
    loom_const_fn! {
        pub(super) const fn new() -> Shard {
            Shard(Mutex::new(ShardState { wheel: None, epoch: 0 }))
        }
    }
}

/// Names a timer in a queue: a key, and in the lowest bits of its index the shard.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimerId(Key);

impl TimerId {
    pub(super) fn new(shard: usize, key: Key) -> TimerId {
        TimerId(Key { index: key.index << BITS | shard as u32, ..key })
    }

    pub(super) fn shard(self) -> usize {
        self.0.index as usize % MAX
    }

    pub(super) fn key(self) -> Key {
        Key { index: self.0.index >> BITS, ..self.0 }
    }
}
