//! A hierarchical timing wheel: which deadlines have passed, and when the next one will.
//!
//! Pure data. It knows no clock, no lock, no fd and no waker: time is a number of nanoseconds that
//! the caller passes in, and each timer carries a value of the caller's type `T`.
//!
//! # How it works
//! After Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (SOSP 1987), with the changes 1 and 2 below.
//! There are six levels of 256 slots. A slot of level 0 is 2^18 ns (262 us) wide, a slot of each higher level
//! 256 times wider than one of the level below, so the top level reaches over all of u64.
//!
//! Take a time as a number of level-0 slots, in base 256: level L stands for digit L. `elapsed` is the time to which
//! the wheel has been turned. A timer is placed in the level of the highest digit in which its deadline differs from
//! `elapsed`, in the slot for its own value of that digit. To *turn a slot* is to empty it: the timers that are due
//! expire, the others *cascade*: they are placed again, in lower levels. (A cascade costs a cache miss or two. With
//! these widths a timer of a second rarely cascades more than once, one of a minute more than twice.)
//!
//! 1. *Deadlines are exact.* The level decides only where a timer is placed. When its slot is turned, the deadline
//!    itself is compared with the time.
//! 2. *A slot stores its earliest deadline*, and is turned at that time, not at its start. So the next deadline is
//!    read from the first occupied slot, and a sleep of an hour needs one wake-up, not one for each level.
//!
//! Most timers are timeouts that never fire, and many are dropped soon after they are created. So a new
//! timer is *staged* first: it is appended to a short list, and is placed in a slot only when that list is
//! full or the wheel is turned.
//!
//! The list of a slot is an unrolled linked list: a chain of blocks of 12 items, each a deadline and the index of an
//! entry. Timers of one slot were rarely created together, so a list that links timer to timer would cost one cache
//! miss after the other. With blocks there is one such miss in a dozen timers, and the entries are prefetched in parallel.
//!
//! # Invariants
//! - The deadline of a timer in level L agrees with `elapsed` in all digits above L, and its digit L is greater than
//!   that of `elapsed`; in level 0 it may be equal, and a deadline before `elapsed` counts as `elapsed`. Hence lower
//!   levels come before higher ones, lower slots before higher, and the first occupied slot has the earliest deadline.
//! - `slot.earliest` is never later than any deadline in the slot. It is exact, unless the timer with that deadline has
//!   been removed. Then `next_deadline` may be too early, until the slot is turned at that time.
//! - Time may go back: `turn` then still expires exactly what is due. But deadlines before `elapsed` share a slot, which
//!   each such turn searches, so it is better to clear the wheel.
//! - Timers with equal deadlines expire in the order of insertion (a reset counts as one), because
//!   1. the staging list and the slots' lists are in the order of insertion,
//!   2. a timer cascades before one inserted later can be placed in the same slot, and
//!   3. `elapsed` does not change while a timer is staged.

mod chunks;
mod entry;
mod occupied;
#[cfg(any(all(test, not(loom)), fuzzing))]
pub(crate) mod oracle;
mod staging;
#[cfg(all(test, not(loom)))]
mod tests;

use chunks::{CHUNK, Chunks};
use entry::Entry;
use occupied::Occupied;
use staging::Staging;
use std::hint::black_box;

/// Log2 of the width of a slot of level 0, in ns.
const BASE_BITS: u32 = 18;
/// Log2 of the number of slots in a level.
const DIGIT_BITS: u32 = 8;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = (u64::BITS - BASE_BITS).div_ceil(DIGIT_BITS) as usize;
/// Items in a block: they take three cache lines, beside the header.
const BLOCK: usize = 12;

/// The buffer for expired timers is kept for reuse up to this capacity.
const KEPT_CAPACITY: usize = 4096;

/// The end of a list, or no timer.
const NONE: u32 = u32::MAX;
/// The `slot` of an entry that holds no timer.
const FREE: u16 = u16::MAX;
/// The `slot` of an entry whose timer is staged.
const STAGED: u16 = u16::MAX - 1;

/// Identifies a timer in a wheel. The key is stale once the timer has expired or has been removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

/// A timer in a block or in the staging list.
#[derive(Clone, Copy, Debug)]
struct Item {
    deadline: u64,
    /// `NONE` if the timer was removed.
    index: u32,
}

const NO_ITEM: Item = Item { deadline: 0, index: NONE };

#[derive(Debug)]
struct Block {
    items: [Item; BLOCK],
    prev: u32,
    next: u32,
    /// Positions in use, including those of removed timers. The last one holds a timer.
    len: u8,
    /// Timers in the block.
    live: u8,
}

impl Default for Block {
    fn default() -> Self {
        Block { items: [NO_ITEM; BLOCK], prev: NONE, next: NONE, len: 0, live: 0 }
    }
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// The first and the last block.
    head: u32,
    tail: u32,
    earliest: u64,
}

const EMPTY: Slot = Slot { head: NONE, tail: NONE, earliest: u64::MAX };

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    /// The time to which the wheel has been turned.
    pub(crate) elapsed: u64,
    occupied: Occupied,
    slots: Box<[Slot; LEVELS * SLOTS]>,
    staging: Staging,
    entries: Chunks<Entry<T>>,
    /// Entries that hold no timer, linked by `block`.
    free_entry: u32,
    blocks: Chunks<Block>,
    /// Blocks that are in no slot, linked by `next`.
    free_block: u32,
    /// A buffer for `turn_slot`, empty between calls: the deadline of each expired timer, its rank in the slot's
    /// list, and its index.
    expired: Vec<(u64, u32, u32)>,
    /// The timers in the wheel.
    pub(crate) len: usize,
}

impl<T> Wheel<T> {
    pub(crate) fn new() -> Self {
        Wheel {
            elapsed: 0,
            occupied: Occupied::new(),
            slots: Box::new([EMPTY; LEVELS * SLOTS]),
            staging: Staging::new(),
            entries: Chunks::new(),
            free_entry: NONE,
            blocks: Chunks::new(),
            free_block: NONE,
            expired: Vec::new(),
            len: 0,
        }
    }

    /// Adds a timer. If the wheel is empty, `elapsed` moves to `now`, so that the timer is not placed relative to
    /// another time; `now` need not be exact.
    #[inline]
    pub(crate) fn insert(&mut self, deadline: u64, now: u64, value: T) -> Key {
        if self.len == 0 {
            self.elapsed = now;
        }
        if self.staging.is_full() {
            self.flush_staged();
        }
        if self.free_entry == NONE {
            self.add_entries();
        }
        let index = self.free_entry;
        let entry = self.entries.get_mut(index);
        self.free_entry = entry.block;
        entry.value = Some(value);
        entry.slot = STAGED;
        entry.position = self.staging.push(Item { deadline, index });
        self.len += 1;
        Key { index, generation: entry.generation }
    }

    /// Removes a timer.
    #[inline]
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get_mut(key)?;
        self.unlink(key.index);
        self.release_entry(key.index)
    }

    /// Changes the deadline of a timer. Returns false if the key is stale.
    pub(crate) fn reset(&mut self, key: Key, deadline: u64) -> bool {
        let found = self.get_mut(key).is_some();
        if found {
            self.unlink(key.index);
            self.stage(Item { deadline, index: key.index });
        }
        found
    }

    /// The value that a timer carries.
    pub(crate) fn value_mut(&mut self, key: Key) -> Option<&mut T> {
        self.get_mut(key)?.value.as_mut()
    }

    /// The time at which `turn` must be called next: the earliest deadline, or earlier (see the invariants). `None` if
    /// the wheel is empty.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let placed = self.occupied.first().map_or(u64::MAX, |slot| self.slots[slot].earliest);
        (self.len > 0).then(|| placed.min(self.staging.earliest))
    }

    /// Turns the wheel to `now`: moves every timer whose deadline is not later than `now` to `out`, in the order of
    /// deadlines. Stops after the slot in which the number reaches `limit`, and returns whether all have expired.
    pub(crate) fn turn(&mut self, now: u64, limit: usize, out: &mut Vec<(u64, T)>) -> bool {
        self.flush_staged();
        let full = out.len().saturating_add(limit);
        while let Some(slot) = self.occupied.first() {
            if self.slots[slot].earliest > now {
                break;
            }
            if out.len() >= full {
                return false;
            }
            self.turn_slot(slot, now, out);
        }
        true
    }

    /// Removes all timers, and returns them in the order of deadlines. Resets `elapsed` to 0.
    pub(crate) fn clear(&mut self) -> Vec<(u64, T)> {
        let mut out = Vec::with_capacity(self.len);
        self.turn(u64::MAX, usize::MAX, &mut out);
        self.elapsed = 0;
        out
    }

    /// Turns one slot: timers that are due expire, the others are placed again, relative to a time within the slot.
    fn turn_slot(&mut self, slot: usize, now: u64, out: &mut Vec<(u64, T)>) {
        let level = (slot / SLOTS) as u32;
        let shift = BASE_BITS + level * DIGIT_BITS;
        // The last ns of the slot: the higher digits of `elapsed`, the digit of the slot, and ones below.
        let above = shift + DIGIT_BITS;
        let prefix = if above >= u64::BITS { 0 } else { self.elapsed >> above << above };
        let end = prefix | ((slot % SLOTS) as u64) << shift | ((1 << shift) - 1);
        // Not past the slot: a later slot may hold timers that are due too, and its digit must stay the greater one.
        self.elapsed = self.elapsed.max(now.min(end));

        let mut block = std::mem::replace(&mut self.slots[slot], EMPTY).head;
        self.occupied.clear(slot);
        let mut expired = std::mem::take(&mut self.expired);
        while block != NONE {
            let &mut Block { next, len, .. } = self.blocks.get_mut(block);
            self.prefetch(block, next);
            for position in 0..usize::from(len) {
                let item = self.blocks.get_mut(block).items[position];
                if item.index == NONE {
                    continue;
                }
                if item.deadline > now {
                    self.link(item);
                } else {
                    expired.push((item.deadline, expired.len() as u32, item.index));
                }
            }
            self.release_block(block);
            block = next;
        }
        // The rank keeps equal deadlines in the order of insertion.
        expired.sort_unstable();
        for (deadline, _, index) in expired.drain(..) {
            if let Some(value) = self.release_entry(index) {
                out.push((deadline, value));
            }
        }
        if expired.capacity() <= KEPT_CAPACITY {
            self.expired = expired;
        }
    }

    #[inline]
    fn stage(&mut self, item: Item) {
        if self.staging.is_full() {
            self.flush_staged();
        }
        let entry = self.entries.get_mut(item.index);
        entry.slot = STAGED;
        entry.position = self.staging.push(item);
    }

    /// Reads the entries of all items of a block, and the next block, so that their cache misses overlap. Otherwise
    /// they would come one after the other, as the loop of `turn_slot` reaches each item.
    fn prefetch(&mut self, block: u32, next: u32) {
        let mut seen = self.blocks.find_mut(next).map_or(0, |block| block.len);
        for item in &self.blocks.get_mut(block).items {
            seen ^= self.entries.find_mut(item.index).map_or(0, |entry| entry.position);
        }
        black_box(seen);
    }

    /// Places all staged timers in their slots.
    fn flush_staged(&mut self) {
        if self.staging.is_empty() {
            return;
        }
        for item in self.staging.take() {
            self.link(item);
        }
    }

    fn slot_for(&self, deadline: u64) -> usize {
        // A deadline that has passed goes to the current slot of level 0.
        let deadline = deadline.max(self.elapsed);
        let differing = (deadline ^ self.elapsed) >> BASE_BITS;
        let level = (u64::BITS - (differing | 1).leading_zeros() - 1) / DIGIT_BITS;
        let digit = deadline >> (BASE_BITS + level * DIGIT_BITS) & (SLOTS as u64 - 1);
        level as usize * SLOTS + digit as usize
    }

    /// Appends a timer to the list of the slot for its deadline.
    fn link(&mut self, item: Item) {
        let slot = self.slot_for(item.deadline);
        let mut block = self.slots[slot].tail;
        if block == NONE || usize::from(self.blocks.get_mut(block).len) == BLOCK {
            block = self.append_block(slot);
        }
        self.occupied.set(slot);
        let filled = self.blocks.get_mut(block);
        let position = filled.len;
        filled.items[usize::from(position)] = item;
        filled.len += 1;
        filled.live += 1;
        let entry = self.entries.get_mut(item.index);
        entry.block = block;
        entry.position = position;
        entry.slot = slot as u16;
        let slot = &mut self.slots[slot];
        slot.earliest = slot.earliest.min(item.deadline);
    }

    /// Removes a timer from the staging list, or from the list of its slot.
    #[inline]
    fn unlink(&mut self, index: u32) {
        let &mut Entry { block, position, slot, .. } = self.entries.get_mut(index);
        if slot == STAGED {
            return self.staging.remove(position);
        }
        let holder = self.blocks.get_mut(block);
        holder.live -= 1;
        if holder.live == 0 {
            holder.len = 0;
            self.remove_block(block, usize::from(slot));
        } else if position + 1 < holder.len {
            holder.items[usize::from(position)].index = NONE;
        } else {
            // The last position in use: free it, and those of removed timers before it.
            holder.len = position;
            while holder.items[usize::from(holder.len) - 1].index == NONE {
                holder.len -= 1;
            }
        }
    }

    fn append_block(&mut self, slot: usize) -> u32 {
        let block = self.allocate_block();
        let tail = std::mem::replace(&mut self.slots[slot].tail, block);
        self.blocks.get_mut(block).prev = tail;
        if tail == NONE {
            self.slots[slot].head = block;
        } else {
            self.blocks.get_mut(tail).next = block;
        }
        block
    }

    /// Removes a block that holds no timer from its slot. If it is the only block, it stays there for the next timer,
    /// so a timeout that is dropped and created again reuses it.
    fn remove_block(&mut self, block: u32, slot: usize) {
        let &mut Block { prev, next, .. } = self.blocks.get_mut(block);
        if prev == NONE && next == NONE {
            self.slots[slot].earliest = u64::MAX;
            self.occupied.clear(slot);
            return;
        }
        match prev {
            NONE => self.slots[slot].head = next,
            prev => self.blocks.get_mut(prev).next = next,
        }
        match next {
            NONE => self.slots[slot].tail = prev,
            next => self.blocks.get_mut(next).prev = prev,
        }
        self.release_block(block);
    }

    #[inline]
    fn get_mut(&mut self, key: Key) -> Option<&mut Entry<T>> {
        let entry = self.entries.find_mut(key.index)?;
        let same = entry.generation == key.generation;
        (same && entry.slot != FREE).then_some(entry)
    }

    #[cold]
    fn add_entries(&mut self) {
        let start = self.entries.grow();
        for index in (start..start + CHUNK as u32).rev() {
            self.entries.get_mut(index).block = self.free_entry;
            self.free_entry = index;
        }
    }

    /// Frees an entry that is in no list. Keys to it are stale from here on.
    #[inline]
    fn release_entry(&mut self, index: u32) -> Option<T> {
        self.len -= 1;
        let entry = self.entries.get_mut(index);
        entry.generation = entry.generation.wrapping_add(1);
        entry.slot = FREE;
        // After 2^32 timers, a key of the first would be valid again: the entry is not used any more.
        if entry.generation != 0 {
            entry.block = std::mem::replace(&mut self.free_entry, index);
        }
        entry.value.take()
    }

    fn allocate_block(&mut self) -> u32 {
        if self.free_block == NONE {
            let start = self.blocks.grow();
            (start..start + CHUNK as u32).rev().for_each(|block| self.release_block(block));
        }
        let block = self.free_block;
        let taken = self.blocks.get_mut(block);
        self.free_block = std::mem::replace(&mut taken.next, NONE);
        block
    }

    fn release_block(&mut self, block: u32) {
        let released = self.blocks.get_mut(block);
        (released.len, released.live) = (0, 0);
        released.next = std::mem::replace(&mut self.free_block, block);
    }
}
