//! The seam to the system: an epoll instance, or what mio offers on other systems.
//!
//! All forms report the same: which tokens are ready for what, edge-triggered. They differ in one thing: several threads
//! can wait on one epoll instance at a time (`Selector::CAN_BE_SHARED`).

#[cfg_attr(all(loom, test), path = "selector/mock.rs")]
#[cfg_attr(
    all(not(all(loom, test)), any(target_os = "linux", target_os = "android")),
    path = "selector/epoll.rs"
)]
#[cfg_attr(not(any(target_os = "linux", target_os = "android")), path = "selector/mio.rs")]
mod sys;

pub(super) use sys::{Events, Selector};

/// What an event is about: a registered fd, or one of the two signals below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token(pub(super) u64);

impl Token {
    /// Wakes the reactor thread.
    pub(super) const WAKE_THREAD: Token = Token(u64::MAX);
    /// Wakes the poller: see `poller`.
    pub(super) const WAKE_POLLER: Token = Token(u64::MAX - 1);
}
