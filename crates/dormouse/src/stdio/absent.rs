//! In place of `stdio.rs` on Windows, where the standard streams are no numbers that a socket could get.

pub(crate) fn take_free_stdio() {}
