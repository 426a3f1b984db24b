//! Sockets whose operations take a buffer by value and return it, as io_uring needs it.

/// Larger than a message.
const CAPACITY: usize = 64;

/// A socket with the buffer of its operations, so that none allocates.
pub(crate) struct Owned<S> {
    pub(super) socket: S,
    buffer: Vec<u8>,
}

impl<S> Owned<S> {
    pub(super) fn new(socket: S) -> Owned<S> {
        Owned { socket, buffer: Vec::with_capacity(CAPACITY) }
    }

    /// An empty buffer, to read into.
    pub(super) fn take_empty(&mut self) -> Vec<u8> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        buffer
    }

    /// A buffer with bytes to write.
    pub(super) fn take_filled(&mut self, bytes: &[u8]) -> Vec<u8> {
        let mut buffer = self.take_empty();
        buffer.extend_from_slice(bytes);
        buffer
    }

    pub(super) fn put_back(&mut self, buffer: Vec<u8>) {
        self.buffer = buffer;
    }

    /// Puts the buffer back after its first bytes have been copied.
    pub(super) fn copy_and_put_back(&mut self, buffer: Vec<u8>, to: &mut [u8], count: usize) {
        to[..count].copy_from_slice(&buffer[..count]);
        self.put_back(buffer);
    }
}
