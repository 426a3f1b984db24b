//! The staging list: the timers that were inserted last, in the order of insertion, before they are placed in slots.

use super::{Item, NO_ITEM, NONE};

/// How many timers can be staged: 16 cache lines.
const CAPACITY: usize = 64;

#[derive(Debug)]
pub(super) struct Staging {
    /// Where a timer was removed, the index is `NONE`. The last position in use always holds a timer.
    items: [Item; CAPACITY],
    len: usize,
    /// No later than any staged deadline; exact if no staged timer was removed.
    pub(super) earliest: u64,
}

impl Staging {
    pub(super) fn new() -> Self {
        Staging { items: [NO_ITEM; CAPACITY], len: 0, earliest: u64::MAX }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len == CAPACITY
    }

    /// Adds a timer, and returns its position.
    #[inline]
    pub(super) fn push(&mut self, item: Item) -> u8 {
        let position = self.len;
        self.items[position] = item;
        self.len += 1;
        self.earliest = self.earliest.min(item.deadline);
        position as u8
    }

    #[inline]
    pub(super) fn remove(&mut self, position: u8) {
        self.items[usize::from(position)].index = NONE;
        while self.len > 0 && self.items[self.len - 1].index == NONE {
            self.len -= 1;
        }
        if self.len == 0 {
            self.earliest = u64::MAX;
        }
    }

    /// Removes all timers, and returns them in order.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Item> + use<> {
        let (items, len) = (self.items, self.len);
        (self.len, self.earliest) = (0, u64::MAX);
        items.into_iter().take(len).filter(|item| item.index != NONE)
    }
}
