//! The seam to the system: an epoll instance, or what mio makes of others.
//!
//! Both say the same: which tokens are ready for what, edge-triggered. They differ in one thing: on epoll any
//! number of threads can wait at once.

#[cfg(all(not(all(loom, test)), any(target_os = "linux", target_os = "android")))]
mod epoll;
#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod mio;
#[cfg(all(loom, test))]
mod mock;

#[cfg(all(not(all(loom, test)), any(target_os = "linux", target_os = "android")))]
pub(super) use epoll::{Events, Selector};
#[cfg(not(any(target_os = "linux", target_os = "android")))]
pub(super) use mio::{Events, Selector};
#[cfg(all(loom, test))]
pub(super) use mock::{Events, Selector};

/// What an event is about: a source, or one of the two signals below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token(pub(super) u64);

impl Token {
    /// For the reactor's thread.
    pub(super) const WAKE_THREAD: Token = Token(u64::MAX);
    /// For the thread in the seat: see `seat`.
    pub(super) const WAKE_POLLER: Token = Token(u64::MAX - 1);
}
