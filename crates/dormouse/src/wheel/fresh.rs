//! The timers that were inserted last, in the order in which they were, before they are placed.

use super::{Item, NO_ITEM, NONE};

/// How many timers may be fresh: some cache lines.
const MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Fresh {
    /// The index is `NONE` where one was removed; that of the last in use is not.
    items: [Item; MAX],
    len: usize,
    /// No later than any deadline of theirs; exact if none was removed.
    pub(super) earliest: u64,
}

impl Fresh {
    pub(super) fn new() -> Self {
        Fresh { items: [NO_ITEM; MAX], len: 0, earliest: u64::MAX }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.len == MAX
    }

    /// Adds a timer, and returns its place.
    #[inline]
    pub(super) fn push(&mut self, item: Item) -> u8 {
        let place = self.len;
        self.items[place] = item;
        self.len += 1;
        self.earliest = self.earliest.min(item.deadline);
        place as u8
    }

    #[inline]
    pub(super) fn remove(&mut self, place: u8) {
        self.items[usize::from(place)].index = NONE;
        while self.len > 0 && self.items[self.len - 1].index == NONE {
            self.len -= 1;
        }
        if self.len == 0 {
            self.earliest = u64::MAX;
        }
    }

    /// All of them, in order; none is left.
    pub(super) fn take(&mut self) -> impl Iterator<Item = Item> + use<> {
        let (items, len) = (self.items, self.len);
        (self.len, self.earliest) = (0, u64::MAX);
        items.into_iter().take(len).filter(|item| item.index != NONE)
    }
}
