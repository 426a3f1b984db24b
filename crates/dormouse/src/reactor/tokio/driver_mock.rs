//! In place of `driver.rs` in loom tests: each mock runtime has an I/O driver.

use super::{Handle, runtime::Id};

pub(super) fn has_io(_: &Handle) -> bool {
    true
}

pub(super) fn may_have_io(_: &Handle) -> bool {
    true
}

pub(super) fn is_inherited(_: Id) -> bool {
    false
}

pub(super) fn note_registered(_: &Handle) {}

pub(crate) fn registered_runtimes() -> usize {
    0
}

pub(super) fn mark_shut_down(_: &Handle) {}
