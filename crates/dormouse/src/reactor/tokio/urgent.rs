//! Urgent data, which tokio reports on Linux and Android alone: for [`short_read`](crate::reactor::short_read).

use super::RawFdSource;
use crate::reactor;
use crate::sync::tokio;
use tokio::io::{Interest, unix::AsyncFd};

/// What to register with tokio.
pub(super) fn add_to(interest: Interest, wanted: reactor::Interest) -> Interest {
    if wanted.is_with_urgent() { interest | Interest::PRIORITY } else { interest }
}

/// Whether tokio has ever reported urgent data, or the end of the stream, for an fd that was registered for `interest`.
pub(super) fn is_reported(fd: &AsyncFd<RawFdSource>, interest: reactor::Interest) -> bool {
    // Does not return `WouldBlock`, so that tokio keeps it for the next call.
    interest.is_with_urgent() && fd.try_io(Interest::PRIORITY, |_| Ok(())).is_ok()
}
