//! Storage that grows without moving its elements, addressed by index.

/// Log2 of the number of elements in a chunk.
const CHUNK_BITS: u32 = 8;
pub(super) const CHUNK: usize = 1 << CHUNK_BITS;

/// The largest index that starts a chunk. Three bits of an index are left for the shard of a `TimerId`.
const MAX: u32 = (1 << 29) - CHUNK as u32;

#[derive(Debug)]
pub(super) struct Chunks<T> {
    chunks: Vec<Box<[T; CHUNK]>>,
}

impl<T: Default> Chunks<T> {
    pub(super) fn new() -> Self {
        Chunks { chunks: Vec::new() }
    }

    /// Adds `CHUNK` elements, and returns the index of the first.
    pub(super) fn grow(&mut self) -> u32 {
        let start = (self.chunks.len() * CHUNK) as u32;
        assert!(start <= MAX, "half a billion timers are pending");
        let chunk: Box<[T]> = (0..CHUNK).map(|_| T::default()).collect();
        match chunk.try_into() {
            Ok(chunk) => self.chunks.push(chunk),
            Err(_) => unreachable!("the iterator yields CHUNK elements"),
        }
        start
    }

    /// An element that exists.
    #[inline]
    pub(super) fn get_mut(&mut self, index: u32) -> &mut T {
        &mut self.chunks[index as usize >> CHUNK_BITS][index as usize % CHUNK]
    }

    /// An element, if it exists.
    #[inline]
    pub(super) fn find_mut(&mut self, index: u32) -> Option<&mut T> {
        self.chunks.get_mut(index as usize >> CHUNK_BITS)?.get_mut(index as usize % CHUNK)
    }
}
