//! A hierarchical timing wheel: which deadlines have passed, and when the next one will.
//!
//! Pure data. It knows no clock, no lock, no fd and no waker: time is a number of nanoseconds that
//! the caller passes in, and what a timer carries is the caller's type `T`.
//!
//! # How it works
//! After Varghese and Lauck, *Hashed and Hierarchical Timing Wheels* (SOSP 1987), with two changes.
//! Nine levels of 64 slots; a slot of level 0 is 2^12 ns (4 us) wide, one of each higher level 64
//! times wider, so that the top reaches over all of u64. A timer waits in the lowest level in which
//! its deadline differs from `elapsed`, the time up to which the wheel has been turned.
//!
//! 1. *Deadlines are exact.* The level decides only where a timer waits. When the slot's time comes,
//!    each timer in it is compared by its own deadline, and goes out or down.
//! 2. *A slot knows its earliest deadline*, so the next deadline is read from the first occupied
//!    slot, and a sleep of an hour needs one wake-up, not one a level.
//!
//! # Invariants
//! - A timer in level L > 0 agrees with `elapsed` in all digits above L, and its slot's digit in L
//!   is greater than that of `elapsed`. Hence lower levels come before higher ones, lower slots
//!   before higher, and the first occupied slot holds the earliest timer. A timer put off with
//!   [`reset`](Wheel::reset) may wait in an earlier slot than its deadline calls for, never a later.
//! - `slot.earliest` is never later than any deadline in the slot. It is exact, unless the timer
//!   that held it has been removed or put off since; then the wheel asks for one needless turn at
//!   that time, in which it is made exact again.
//! - The lists are in the order of insertion, and a timer cascades before any other can be inserted
//!   beside it, so equal deadlines go out in the order in which they came in.

#[cfg(test)]
mod tests;

/// Log2 of the width of a slot of level 0, in ns.
const BASE_BITS: u32 = 12;
/// Log2 of the number of slots a level.
const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
const LEVELS: usize = (u64::BITS - BASE_BITS).div_ceil(DIGIT_BITS) as usize;

/// Entries are stored in chunks that never move, so that growth never copies what is there.
const CHUNK_BITS: u32 = 8;
const CHUNK: usize = 1 << CHUNK_BITS;

/// The end of a list.
const NONE: u32 = u32::MAX;
/// The `slot` of an entry that holds no timer.
const FREE: u16 = u16::MAX;

/// Names a timer in a wheel. Once the timer has gone out or was removed, the key names nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Key {
    index: u32,
    generation: u32,
}

#[derive(Debug)]
struct Entry<T> {
    deadline: u64,
    value: Option<T>,
    prev: u32,
    next: u32,
    generation: u32,
    slot: u16,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    head: u32,
    tail: u32,
    earliest: u64,
}

const EMPTY: Slot = Slot { head: NONE, tail: NONE, earliest: u64::MAX };

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct Wheel<T> {
    elapsed: u64,
    occupied: [u64; LEVELS],
    slots: Box<[Slot; LEVELS * SLOTS]>,
    chunks: Vec<Box<[Entry<T>]>>,
    /// Entries that hold no timer, linked by `next`.
    free: u32,
    len: usize,
}

impl<T> Wheel<T> {
    pub(crate) fn new() -> Self {
        Wheel {
            elapsed: 0,
            occupied: [0; LEVELS],
            slots: Box::new([EMPTY; LEVELS * SLOTS]),
            chunks: Vec::new(),
            free: NONE,
            len: 0,
        }
    }

    /// Adds a timer. `now` keeps a wheel that stood empty from placing timers by a time long past;
    /// it need not be exact.
    pub(crate) fn insert(&mut self, deadline: u64, now: u64, value: T) -> Key {
        if self.len == 0 {
            self.elapsed = self.elapsed.max(now);
        }
        let index = self.allocate();
        let entry = self.entry_mut(index);
        entry.deadline = deadline;
        entry.value = Some(value);
        let generation = entry.generation;
        self.len += 1;
        self.link(index, deadline);
        Key { index, generation }
    }

    /// Takes a timer out.
    pub(crate) fn remove(&mut self, key: Key) -> Option<T> {
        self.get(key)?;
        self.unlink(key.index);
        self.release(key.index)
    }

    /// Gives a timer another deadline, and says whether the key still named one.
    pub(crate) fn reset(&mut self, key: Key, deadline: u64) -> bool {
        let Some(entry) = self.get_mut(key) else { return false };
        // Later: it stays where it is, and moves when the slot's time comes. This is what makes
        // putting off a timeout at each packet nearly free.
        let earlier = deadline < entry.deadline;
        if earlier {
            self.unlink(key.index);
        }
        self.entry_mut(key.index).deadline = deadline;
        if earlier {
            self.link(key.index, deadline);
        }
        true
    }

    /// What a timer carries.
    pub(crate) fn value_mut(&mut self, key: Key) -> Option<&mut T> {
        self.get_mut(key)?.value.as_mut()
    }

    /// A time at which the wheel should be turned: no later than the earliest deadline (see the
    /// invariants for when it is earlier). `None` if nothing waits.
    pub(crate) fn next_deadline(&self) -> Option<u64> {
        self.first_slot().map(|slot| self.slots[slot].earliest)
    }

    /// Turns the wheel to `now`: appends every timer whose deadline is not later to `out`, in the
    /// order of deadlines. Stops early once `limit` have gone out, and says whether it is done.
    pub(crate) fn turn(&mut self, now: u64, limit: usize, out: &mut Vec<(u64, T)>) -> bool {
        let full = out.len().saturating_add(limit);
        while let Some(slot) = self.first_slot() {
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
        // A timer put off past the slot is not due yet even if its time has come: it is placed anew,
        // and goes out in its turn.
        let until = now.min(end);
        self.elapsed = self.elapsed.max(until);

        let mut index = std::mem::replace(&mut self.slots[slot], EMPTY).head;
        self.occupied[level as usize] &= !(1 << (slot % SLOTS));
        let start = out.len();
        let mut sorted = true;
        let mut last = 0;
        while index != NONE {
            let entry = self.entry_mut(index);
            let (deadline, next) = (entry.deadline, entry.next);
            if deadline <= until {
                sorted &= last <= deadline;
                last = deadline;
                if let Some(value) = self.release(index) {
                    out.push((deadline, value));
                }
            } else {
                self.link(index, deadline);
            }
            index = next;
        }
        if !sorted {
            // Stable: equal deadlines keep the order of insertion.
            out[start..].sort_by_key(|&(deadline, _)| deadline);
        }
    }

    fn first_slot(&self) -> Option<usize> {
        let level = self.occupied.iter().position(|&bits| bits != 0)?;
        Some(level * SLOTS + self.occupied[level].trailing_zeros() as usize)
    }

    fn slot_for(&self, deadline: u64) -> usize {
        // What is due already waits in the current slot of level 0.
        let deadline = deadline.max(self.elapsed);
        let differing = (deadline ^ self.elapsed) >> BASE_BITS;
        let level = (u64::BITS - (differing | 1).leading_zeros() - 1) / DIGIT_BITS;
        let digit = deadline >> (BASE_BITS + level * DIGIT_BITS) & (SLOTS as u64 - 1);
        level as usize * SLOTS + digit as usize
    }

    fn link(&mut self, index: u32, deadline: u64) {
        let slot = self.slot_for(deadline);
        let tail = self.slots[slot].tail;
        let entry = self.entry_mut(index);
        entry.prev = tail;
        entry.next = NONE;
        entry.slot = slot as u16;
        if tail == NONE {
            self.slots[slot].head = index;
            self.occupied[slot / SLOTS] |= 1 << (slot % SLOTS);
        } else {
            self.entry_mut(tail).next = index;
        }
        let slot = &mut self.slots[slot];
        slot.tail = index;
        slot.earliest = slot.earliest.min(deadline);
    }

    fn unlink(&mut self, index: u32) {
        let &mut Entry { prev, next, slot, .. } = self.entry_mut(index);
        let slot = slot as usize;
        match prev {
            NONE => self.slots[slot].head = next,
            prev => self.entry_mut(prev).next = next,
        }
        match next {
            NONE => self.slots[slot].tail = prev,
            next => self.entry_mut(next).prev = prev,
        }
        if self.slots[slot].head == NONE {
            self.slots[slot].earliest = u64::MAX;
            self.occupied[slot / SLOTS] &= !(1 << (slot % SLOTS));
        }
    }

    fn get(&self, key: Key) -> Option<&Entry<T>> {
        let entry =
            self.chunks.get(key.index as usize >> CHUNK_BITS)?.get(key.index as usize % CHUNK)?;
        (entry.generation == key.generation && entry.slot != FREE).then_some(entry)
    }

    fn get_mut(&mut self, key: Key) -> Option<&mut Entry<T>> {
        let chunk = self.chunks.get_mut(key.index as usize >> CHUNK_BITS)?;
        let entry = chunk.get_mut(key.index as usize % CHUNK)?;
        (entry.generation == key.generation && entry.slot != FREE).then_some(entry)
    }

    fn entry_mut(&mut self, index: u32) -> &mut Entry<T> {
        &mut self.chunks[index as usize >> CHUNK_BITS][index as usize % CHUNK]
    }

    fn allocate(&mut self) -> u32 {
        if self.free == NONE {
            let start = (self.chunks.len() * CHUNK) as u32;
            assert!(start < NONE - CHUNK as u32, "more than 4 billion timers are pending");
            let next = |i| if i + 1 == CHUNK as u32 { NONE } else { start + i + 1 };
            self.chunks.push(
                (0..CHUNK as u32)
                    .map(|i| Entry {
                        deadline: 0,
                        value: None,
                        prev: NONE,
                        next: next(i),
                        generation: 0,
                        slot: FREE,
                    })
                    .collect(),
            );
            self.free = start;
        }
        let index = self.free;
        self.free = self.entry_mut(index).next;
        index
    }

    /// Frees an entry that no list holds any more; keys to it name nothing from here on.
    fn release(&mut self, index: u32) -> Option<T> {
        let free = std::mem::replace(&mut self.free, index);
        self.len -= 1;
        let entry = self.entry_mut(index);
        entry.generation = entry.generation.wrapping_add(1);
        entry.slot = FREE;
        entry.next = free;
        entry.value.take()
    }
}
