//! In place of `driver.rs` in loom tests: each mock runtime has an I/O driver.

use super::{Handle, runtime::Id};

pub(super) const CAN_PROBE: bool = true;

pub(super) fn has_io(_: &Handle) -> bool {
    true
}

pub(super) fn is_inherited(_: Id) -> bool {
    false
}

#[allow(dead_code, reason = "for fds that outlive their runtime")]
pub(super) fn mark_shut_down(_: &Handle) {}
