//! Nothing is registered with [`Interest::WITH_URGENT`](crate::reactor::Interest::WITH_URGENT) here.

use super::RawFdSource;
use crate::reactor;
use tokio::io::{Interest, unix::AsyncFd};

pub(super) fn add_to(interest: Interest, _: reactor::Interest) -> Interest {
    interest
}

pub(super) fn is_reported(_: &AsyncFd<RawFdSource>, _: reactor::Interest) -> bool {
    false
}
