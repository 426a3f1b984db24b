//! In place of `reactor.rs` in JavaScript hosts, where there are no fds, and the host calls back by itself.

pub(crate) use crate::catch_panic::wake as wake_or_defer;

use std::io;
use std::task::Waker;

/// No thread has to be started.
#[inline]
pub(crate) fn note_waiter(_: &Waker) -> io::Result<()> {
    Ok(())
}

/// There is no reactor thread.
#[cfg(feature = "stats")]
pub(crate) fn has_thread() -> bool {
    false
}
