//! The seam to the system: an epoll instance, or what mio offers on other systems.
//!
//! All implementations report readiness by token. They differ in two things. Several threads can wait on one epoll instance
//! at a time, but only one thread on what mio offers (`Selector::CAN_BE_SHARED`). All are edge-triggered, except the one for
//! Windows, which is oneshot and level-triggered (`Selector::IS_ONESHOT`).

#[cfg_attr(all(loom, test), path = "selector/mock.rs")]
#[cfg_attr(
    all(
        not(all(loom, test)),
        any(target_os = "linux", target_os = "android"),
        not(dormouse_portable)
    ),
    path = "selector/epoll.rs"
)]
#[cfg_attr(
    any(dormouse_portable, not(any(target_os = "linux", target_os = "android", windows))),
    path = "selector/mio.rs"
)]
#[cfg_attr(windows, path = "selector/windows.rs")]
mod sys;
#[cfg(not(any(all(loom, test), windows)))]
#[cfg_attr(
    not(any(target_os = "linux", target_os = "android")),
    path = "selector/timeout/absent.rs"
)]
mod timeout;

pub(super) use sys::{Events, Registered, Selector};
pub(in crate::reactor) use sys::{check_kind, closed, poll_now, state_now};

/// Identifies the source of an event: a registered fd, or one of the two wake-up signals below.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Token(pub(super) u64);

impl Token {
    /// The signal that wakes the reactor thread.
    pub(super) const WAKE_THREAD: Token = Token(u64::MAX);
    /// The signal that wakes the poller: see `poller`.
    pub(super) const WAKE_POLLER: Token = Token(u64::MAX - 1);
    /// The tokens of fds are less than this. mio's token is a usize, so on targets with 32 bits they start again at 0 after
    /// 4 billion registrations.
    pub(super) const END: u64 = usize::MAX as u64 - 1;
}
