//! A bitmap of the slots that hold timers, lowest level first, so that the first set bit is the slot with the
//! earliest timer.

use super::{LEVELS, SLOTS};

const WORDS: usize = LEVELS * SLOTS / u64::BITS as usize;

#[derive(Debug)]
pub(super) struct Occupied([u64; WORDS]);

impl Occupied {
    pub(super) fn new() -> Self {
        Occupied([0; WORDS])
    }

    pub(super) fn set(&mut self, slot: usize) {
        self.0[slot / 64] |= 1 << (slot % 64);
    }

    pub(super) fn clear(&mut self, slot: usize) {
        self.0[slot / 64] &= !(1 << (slot % 64));
    }

    pub(super) fn first(&self) -> Option<usize> {
        let word = self.0.iter().position(|&bits| bits != 0)?;
        Some(word * 64 + self.0[word].trailing_zeros() as usize)
    }
}
