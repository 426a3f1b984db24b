//! In place of `next_wait/windows.rs` on Unix: the kernel takes requests while a thread waits.

#[inline]
pub(super) fn begin() {}
