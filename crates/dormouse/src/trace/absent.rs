//! In place of `trace.rs` without the feature `tracing`: nothing is recorded.

use crate::source::RawSource;
use crate::system_clock::ClockId;
use std::io;

#[derive(Clone, Copy, Debug)]
#[expect(dead_code, reason = "only an event reads the fields")]
pub(crate) enum Resource {
    Timerfd(ClockId, &'static str),
    Thread,
    Epoll,
    EpollWait,
    #[cfg_attr(not(feature = "smol"), allow(dead_code, reason = "only that feature uses it"))]
    AsyncIo,
}

/// Zero-sized.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin;

const _: () = assert!(size_of::<Origin>() == 0);

impl Origin {
    pub(crate) const UNKNOWN: Origin = Origin;

    #[inline]
    pub(crate) fn caller() -> Origin {
        Origin
    }
}

#[inline]
pub(crate) fn sleep_completed(
    _: ClockId,
    _: &'static str,
    _fires_at: u64,
    _now: impl FnOnce() -> u64,
    _: Origin,
) {
}

#[inline]
pub(crate) fn sleep_moved(_: ClockId, _from: &'static str, _to: &'static str, _: Origin) {}

#[inline]
pub(crate) fn timers_fired(
    _: ClockId,
    _reactor: &'static str,
    _now: u64,
    _deadlines: impl Iterator<Item = u64>,
) {
}

#[inline]
pub(crate) fn queue_drained(_: ClockId, _reactor: &'static str, _timers: usize) {}

#[inline]
pub(crate) fn fd_moved(
    _: RawSource,
    _from: &'static str,
    _to: &'static str,
    _why: &'static str,
    _: Origin,
) {
}

#[inline]
pub(crate) fn failed(_: Resource, _: &io::Error) {}

#[inline]
pub(crate) fn timerfd_not_registered(_: ClockId, _: &'static str, _: &io::Error) {}

#[inline]
pub(crate) fn works(_: Resource) {}

#[inline]
pub(crate) fn emit_pending() {}
