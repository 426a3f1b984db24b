//! The tasks of a `VirtualTime::block_on`.

pub(super) use crate::virtual_time::BlockOnTasks;

/// Those of the `VirtualTime::block_on` that the caller is in.
pub(super) fn tasks() -> Option<BlockOnTasks> {
    BlockOnTasks::current()
}
