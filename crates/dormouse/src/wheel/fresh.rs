//! The timers that were inserted last, in the order in which they were, before they are placed.

use super::NONE;

/// How many timers may be fresh: a few cache lines of indices.
const MAX: usize = 64;

#[derive(Debug)]
pub(super) struct Fresh {
    /// Indices, or `NONE` where one was removed; the last in use is not `NONE`.
    indices: [u32; MAX],
    len: usize,
    /// No later than any deadline of theirs; exact if none was removed or put off.
    pub(super) earliest: u64,
}

impl Fresh {
    pub(super) fn new() -> Self {
        Fresh { indices: [NONE; MAX], len: 0, earliest: u64::MAX }
    }

    pub(super) fn is_full(&self) -> bool {
        self.len == MAX
    }

    /// Adds a timer, and returns its place.
    pub(super) fn push(&mut self, index: u32, deadline: u64) -> u8 {
        let place = self.len;
        self.indices[place] = index;
        self.len += 1;
        self.earliest = self.earliest.min(deadline);
        place as u8
    }

    pub(super) fn remove(&mut self, place: u8) {
        self.indices[usize::from(place)] = NONE;
        while self.len > 0 && self.indices[self.len - 1] == NONE {
            self.len -= 1;
        }
        if self.len == 0 {
            self.earliest = u64::MAX;
        }
    }

    /// All of them, in order; none is left.
    pub(super) fn take(&mut self) -> impl Iterator<Item = u32> + use<> {
        let (indices, len) = (self.indices, self.len);
        (self.len, self.earliest) = (0, u64::MAX);
        indices.into_iter().take(len).filter(|&index| index != NONE)
    }
}
