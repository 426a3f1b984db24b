//! Tasks that are spawned in virtual time.

pub(super) use crate::virtual_time::VirtualTime;

/// The virtual time that the caller is in.
pub(super) fn current() -> Option<VirtualTime> {
    VirtualTime::current()
}
