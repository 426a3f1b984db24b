//! Where a wheel keeps what belongs to one timer.

use super::{FREE, NONE};

/// A timer, at the index of its key.
#[derive(Debug)]
pub(super) struct Entry<T> {
    pub(super) value: Option<T>,
    /// The block that holds the timer. In a free entry, the next free entry.
    pub(super) block: u32,
    /// How many timers have used the entry before.
    pub(super) generation: u32,
    /// The slot that holds the timer, `STAGED` or `FREE`.
    pub(super) slot: u16,
    /// The position in the block, or in the staging list.
    pub(super) position: u8,
}

impl<T> Default for Entry<T> {
    fn default() -> Self {
        Entry { value: None, block: NONE, generation: 0, slot: FREE, position: 0 }
    }
}
