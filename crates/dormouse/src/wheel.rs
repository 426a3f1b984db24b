//! A hierarchical timing wheel: which deadlines have passed, and when the next one will.
//!
//! Pure data. It knows no clock, no lock, no fd and no waker: time is a number of nanoseconds that
//! the caller passes in, and what a timer carries is the caller's type `T`.
//!
//! # How it works
//! After Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (SOSP 1987), with two changes.
//! Six levels of 256 slots; a slot of level 0 is 2^18 ns (262 us) wide, one of each higher level 256
//! times wider, so that the top reaches over all of u64. A timer waits in the lowest level in which
//! its deadline differs from `elapsed`, the time up to which the wheel has been turned. (Each level it comes
//! down is a cache miss or two. With these widths a timer of a second comes down once, one of a minute twice.)
//!
//! 1. *Deadlines are exact.* The level decides only where a timer waits. When the slot's time comes,
//!    each timer in it is compared by its own deadline, and goes out or down.
//! 2. *A slot knows its earliest deadline*, so the next deadline is read from the first occupied
//!    slot, and a sleep of an hour needs one wake-up, not one a level.
//!
//! Most timers are timeouts that never fire, and many are dropped soon after they were made. So a new one
//! is *fresh* at first, one of a short list, and is placed in a slot only when that list is full or the
//! wheel is turned.
//!
//! A slot's list is unrolled: a chain of blocks of a dozen (deadline, index) pairs. Timers that wait
//! together were rarely made together, so following a list from timer to timer would be one cache miss after
//! the other; through blocks it is one a dozen, and the timers' own entries are touched in parallel.
//! (Measured with 100,000 timers in one second: of the CPU time for firing them, 43 % were such misses.)
//!
//! # Invariants
//! - A timer in level L > 0 agrees with `elapsed` in all digits above L, and its slot's digit in L
//!   is greater than that of `elapsed`. Hence lower levels come before higher ones, lower slots
//!   before higher, and the first occupied slot holds the earliest timer.
//! - `slot.earliest` is never later than any deadline in the slot. It is exact, unless the timer
//!   that held it has been removed since; then the wheel asks for one needless turn at that time,
//!   in which it is made exact again.
//! - The lists are in the order of insertion, a timer cascades before any other can be placed beside it,
//!   and `elapsed` does not move while a timer is fresh, so equal deadlines go out in the order in which
//!   they came in.

mod chunks;
mod fresh;
#[cfg(any(all(test, not(loom)), fuzzing))]
pub(crate) mod model;
mod occupied;
#[cfg(all(test, not(loom)))]
mod tests;

use chunks::{CHUNK, Chunks};
use fresh::Fresh;
use occupied::Occupied;
use std::hint::black_box;

/// Log2 of the width of a slot of level 0, in ns.
const BASE_BITS: u32 = 18;
/// Log2 of the number of slots a level.
const DIGIT_BITS: u32 = 8;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = (u64::BITS - BASE_BITS).div_ceil(DIGIT_BITS) as usize;
/// How many timers a block holds: three cache lines and a header.
const BLOCK: usize = 12;

/// The buffer for what is due is kept up to this size.
const SPARE: usize = 4096;

/// The end of a list, or no timer.
const NONE: u32 = u32::MAX;
/// The `slot` of an entry that holds no timer.
const FREE: u16 = u16::MAX;
/// The `slot` of a fresh one.
const FRESH: u16 = u16::MAX - 1;

/// Names a timer in a wheel. Once the timer has gone out or was removed, the key names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    pub(crate) index: u32,
    pub(crate) generation: u32,
}

#[derive(Debug)]
struct Entry<T> {
    value: Option<T>,
    /// Where it waits; for a free entry, the next free one.
    block: u32,
    generation: u32,
    slot: u16,
    place: u8,
}

impl<T> Default for Entry<T> {
    fn default() -> Self {
        Entry { value: None, block: NONE, generation: 0, slot: FREE, place: 0 }
    }
}

/// A timer in a block, or among the fresh.
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
    /// Places in use, removed timers among them; the last is not one.
    len: u8,
    /// Timers.
    live: u8,
}

impl Default for Block {
    fn default() -> Self {
        Block { items: [NO_ITEM; BLOCK], prev: NONE, next: NONE, len: 0, live: 0 }
    }
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    /// Blocks.
    head: u32,
    tail: u32,
    earliest: u64,
}

const EMPTY: Slot = Slot { head: NONE, tail: NONE, earliest: u64::MAX };

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    elapsed: u64,
    occupied: Occupied,
    slots: Box<[Slot; LEVELS * SLOTS]>,
    fresh: Fresh,
    entries: Chunks<Entry<T>>,
    /// Entries that hold no timer, linked by `block`.
    free_entry: u32,
    blocks: Chunks<Block>,
    /// Blocks that are in no slot, linked by `next`.
    free_block: u32,
    /// What is due of the slot that is turned: deadline, rank in the slot's list, index. Empty in between.
    due: Vec<(u64, u32, u32)>,
    len: usize,
}

impl<T> Wheel<T> {
    pub(crate) fn new() -> Self {
        Wheel {
            elapsed: 0,
            occupied: Occupied::new(),
            slots: Box::new([EMPTY; LEVELS * SLOTS]),
            fresh: Fresh::new(),
            entries: Chunks::new(),
            free_entry: NONE,
            blocks: Chunks::new(),
            free_block: NONE,
            due: Vec::new(),
            len: 0,
        }
    }

    /// Adds a timer. `now` keeps a wheel that stood empty from placing timers by a time long past;
    /// it need not be exact.
    #[inline]
    pub(crate) fn insert(&mut self, deadline: u64, now: u64, value: T) -> Key {
        if self.len == 0 {
            self.elapsed = self.elapsed.max(now);
        }
        let index = self.allocate_entry();
        let entry = self.entries.get_mut(index);
        entry.value = Some(value);
        let generation = entry.generation;
        self.freshen(Item { deadline, index });
        self.len += 1;
        Key { index, generation }
    }

    /// Takes a timer out.
    #[inline]
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get_mut(key)?;
        self.unlink(key.index);
        self.release_entry(key.index)
    }

    /// Gives a timer another deadline, and says whether the key still named one.
    pub(crate) fn reset(&mut self, key: Key, deadline: u64) -> bool {
        let found = self.get_mut(key).is_some();
        if found {
            self.unlink(key.index);
            self.freshen(Item { deadline, index: key.index });
        }
        found
    }

    /// What a timer carries.
    pub(crate) fn value_mut(&mut self, key: Key) -> Option<&mut T> {
        self.get_mut(key)?.value.as_mut()
    }

    /// A time at which the wheel should be turned: no later than the earliest deadline (see the
    /// invariants for when it is earlier). `None` if nothing waits.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        let placed = self.occupied.first().map_or(u64::MAX, |slot| self.slots[slot].earliest);
        (self.len > 0).then(|| placed.min(self.fresh.earliest))
    }

    /// Turns the wheel to `now`: appends every timer whose deadline is not later to `out`, in the
    /// order of deadlines. Stops early once `limit` have gone out, and says whether it is done.
    pub(crate) fn turn(&mut self, now: u64, limit: usize, out: &mut Vec<(u64, T)>) -> bool {
        self.place_fresh();
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

    /// Takes out all timers, whenever they are due.
    pub(crate) fn clear(&mut self) -> Vec<(u64, T)> {
        let mut out = Vec::with_capacity(self.len);
        self.turn(u64::MAX, usize::MAX, &mut out);
        self.elapsed = 0;
        out
    }

    /// Empties one slot: what is due goes out, the rest is placed anew, by a time within the slot.
    fn turn_slot(&mut self, slot: usize, now: u64, out: &mut Vec<(u64, T)>) {
        let level = (slot / SLOTS) as u32;
        let shift = BASE_BITS + level * DIGIT_BITS;
        // The last ns of the slot: digits above as in `elapsed`, this digit, ones below.
        let above = shift + DIGIT_BITS;
        let prefix = if above >= u64::BITS { 0 } else { self.elapsed >> above << above };
        let end = prefix | ((slot % SLOTS) as u64) << shift | ((1 << shift) - 1);
        // Not past the slot: what is fresh or comes down from above may belong between its end and now.
        self.elapsed = self.elapsed.max(now.min(end));

        let mut block = std::mem::replace(&mut self.slots[slot], EMPTY).head;
        self.occupied.clear(slot);
        let mut due = std::mem::take(&mut self.due);
        while block != NONE {
            let &mut Block { next, len, .. } = self.blocks.get_mut(block);
            self.touch(block, next);
            for place in 0..usize::from(len) {
                let item = self.blocks.get_mut(block).items[place];
                if item.index == NONE {
                    continue;
                }
                if item.deadline > now {
                    self.link(item);
                } else {
                    due.push((item.deadline, due.len() as u32, item.index));
                }
            }
            self.release_block(block);
            block = next;
        }
        // By their rank, equal deadlines keep the order of insertion.
        due.sort_unstable();
        for (deadline, _, index) in due.drain(..) {
            if let Some(value) = self.release_entry(index) {
                out.push((deadline, value));
            }
        }
        if due.capacity() <= SPARE {
            self.due = due;
        }
    }

    #[inline]
    fn freshen(&mut self, item: Item) {
        if self.fresh.is_full() {
            self.place_fresh();
        }
        let entry = self.entries.get_mut(item.index);
        entry.slot = FRESH;
        entry.place = self.fresh.push(item);
    }

    /// Looks at all entries of a block, and the next block, so that the processor fetches what is not in
    /// its caches at once, and not one after the other as each is dealt with.
    fn touch(&mut self, block: u32, next: u32) {
        let mut seen = self.blocks.find_mut(next).map_or(0, |block| block.len);
        for item in &self.blocks.get_mut(block).items {
            seen ^= self.entries.find_mut(item.index).map_or(0, |entry| entry.place);
        }
        black_box(seen);
    }

    fn place_fresh(&mut self) {
        if self.fresh.is_empty() {
            return;
        }
        for item in self.fresh.take() {
            self.link(item);
        }
    }

    fn slot_for(&self, deadline: u64) -> usize {
        // What is due already waits in the current slot of level 0.
        let deadline = deadline.max(self.elapsed);
        let differing = (deadline ^ self.elapsed) >> BASE_BITS;
        let level = (u64::BITS - (differing | 1).leading_zeros() - 1) / DIGIT_BITS;
        let digit = deadline >> (BASE_BITS + level * DIGIT_BITS) & (SLOTS as u64 - 1);
        level as usize * SLOTS + digit as usize
    }

    /// Appends a timer to the list of the slot that its deadline calls for.
    fn link(&mut self, item: Item) {
        let slot = self.slot_for(item.deadline);
        let mut block = self.slots[slot].tail;
        if block == NONE || usize::from(self.blocks.get_mut(block).len) == BLOCK {
            block = self.append_block(slot);
        }
        self.occupied.set(slot);
        let filled = self.blocks.get_mut(block);
        let place = filled.len;
        filled.items[usize::from(place)] = item;
        filled.len += 1;
        filled.live += 1;
        let entry = self.entries.get_mut(item.index);
        entry.block = block;
        entry.place = place;
        entry.slot = slot as u16;
        let slot = &mut self.slots[slot];
        slot.earliest = slot.earliest.min(item.deadline);
    }

    /// Takes a timer out of the list of its slot.
    #[inline]
    fn unlink(&mut self, index: u32) {
        let &mut Entry { block, place, slot, .. } = self.entries.get_mut(index);
        if slot == FRESH {
            return self.fresh.remove(place);
        }
        let left = self.blocks.get_mut(block);
        left.live -= 1;
        if left.live == 0 {
            left.len = 0;
            self.remove_block(block, usize::from(slot));
        } else if place + 1 < left.len {
            left.items[usize::from(place)].index = NONE;
        } else {
            // The last: it goes, and so do places before it that were left empty.
            left.len = place;
            while left.items[usize::from(left.len) - 1].index == NONE {
                left.len -= 1;
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

    /// Takes a block that holds no timer out of its slot. The last one stays for the next timer, which
    /// is what a timeout that is dropped and made again finds.
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

    #[inline]
    fn allocate_entry(&mut self) -> u32 {
        if self.free_entry == NONE {
            let start = self.entries.grow();
            for index in (start..start + CHUNK as u32).rev() {
                self.entries.get_mut(index).block = self.free_entry;
                self.free_entry = index;
            }
        }
        let index = self.free_entry;
        self.free_entry = self.entries.get_mut(index).block;
        index
    }

    /// Frees an entry that no list holds any more; keys to it name nothing from here on.
    #[inline]
    fn release_entry(&mut self, index: u32) -> Option<T> {
        self.len -= 1;
        let entry = self.entries.get_mut(index);
        entry.generation = entry.generation.wrapping_add(1);
        entry.slot = FREE;
        entry.block = std::mem::replace(&mut self.free_entry, index);
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
