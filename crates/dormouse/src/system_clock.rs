//! The clocks of the system as values, and how they are read.
//!
//! It knows neither virtual time nor the types of the clocks: `clock` has these. Each system has a file of its own, which
//! says which of its clocks they are.

#[cfg_attr(all(loom, test), path = "system_clock/mock.rs")]
#[cfg_attr(
    all(
        not(all(loom, test)),
        any(target_os = "linux", target_os = "android"),
        not(dormouse_portable)
    ),
    path = "system_clock/linux.rs"
)]
#[cfg_attr(target_vendor = "apple", path = "system_clock/apple.rs")]
#[cfg_attr(windows, path = "system_clock/windows.rs")]
#[cfg_attr(
    any(target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd"),
    path = "system_clock/bsd.rs"
)]
#[cfg_attr(
    all(
        not(all(loom, test)),
        any(dormouse_portable, not(any(target_os = "linux", target_os = "android"))),
        not(any(target_vendor = "apple", windows, target_family = "wasm")),
        not(any(target_os = "freebsd", target_os = "dragonfly", target_os = "openbsd"))
    ),
    path = "system_clock/unix.rs"
)]
#[cfg_attr(target_family = "wasm", path = "system_clock/web.rs")]
mod sys;

mod offset;
pub(crate) mod read_pair;

pub(crate) use offset::Offset;

use std::time::Duration;

/// A clock as a value, for code that is not generic over [`Clock`](crate::clock::Clock).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockId {
    /// See [`Boottime`](crate::clock::Boottime).
    Boottime,
    /// See [`Monotonic`](crate::clock::Monotonic).
    Monotonic,
    /// See [`Realtime`](crate::clock::Realtime).
    Realtime,
}

impl ClockId {
    pub(crate) const ALL: [ClockId; 3] = [ClockId::Boottime, ClockId::Monotonic, ClockId::Realtime];

    /// The name of its type.
    #[cfg_attr(
        not(any(feature = "stats", feature = "tracing")),
        expect(dead_code, reason = "only stats and events name a clock")
    )]
    pub(crate) fn name(self) -> &'static str {
        match self {
            ClockId::Boottime => "Boottime",
            ClockId::Monotonic => "Monotonic",
            ClockId::Realtime => "Realtime",
        }
    }

    /// Nanoseconds since the epoch of the clock. A u64 lasts for 584 years.
    #[inline]
    pub(crate) fn now_ns(self) -> u64 {
        sys::read(self)
    }

    /// A time that is not later than [`now_ns`](Self::now_ns), on Linux for a quarter of the cost, and behind by some ms. A
    /// hint: it can be further behind for up to a second after a suspend, and later than the clock after that was set back.
    #[inline]
    pub(crate) fn coarse_ns(self) -> u64 {
        sys::read_coarse(self)
    }

    /// Measures what [`coarse_ns`](Self::coarse_ns) has to know of suspends.
    pub(crate) fn measure_suspended() {
        sys::measure_suspended();
    }
}

/// A duration in ns; `None` if it does not fit in a u64. (`as_nanos` calculates in 128 bits.)
pub(crate) fn to_ns(duration: Duration) -> Option<u64> {
    duration.as_secs().checked_mul(1_000_000_000)?.checked_add(duration.subsec_nanos().into())
}

/// A duration in ns, or the maximum if it does not fit.
pub(crate) fn to_ns_saturating(duration: Duration) -> u64 {
    to_ns(duration).unwrap_or(u64::MAX)
}
