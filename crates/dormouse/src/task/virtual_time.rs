//! Tasks that are spawned in virtual time.

pub(super) use crate::virtual_time::{BlockOnTasks, VirtualTime};

/// The virtual time that the caller is in.
pub(super) fn current() -> Option<VirtualTime> {
    VirtualTime::current()
}

/// The tasks of the `VirtualTime::block_on` that the caller is in.
pub(super) fn block_on_tasks() -> Option<BlockOnTasks> {
    BlockOnTasks::current()
}
