//! Clocks: what a sleep or an instant is measured by.
//!
//! A clock is a type, so that instants of two clocks cannot be mixed up. Each has functions of its own, which need no
//! trait: `now`, `sleep_until` and `timeout_at`; and [`Boottime`] and [`Monotonic`] also those that take a duration.
//!
//! ```
//! use dormouse::clock::{Monotonic, Realtime};
//! use dormouse::sleep_until;
//! use std::time::Duration;
//!
//! dormouse::block_on(async {
//!     Monotonic::sleep(Duration::from_millis(1)).await;
//!     sleep_until(Realtime::now() + Duration::from_millis(1)).await;
//! });
//! ```
//!
#![doc = include_str!("clock/which.md")]

// `time` exports it.
pub(crate) mod instant;
#[cfg(not(target_family = "wasm"))]
mod std_instant;

pub(crate) use crate::system_clock::{ClockId, Offset, to_ns_saturating};
pub(crate) use instant::Instant;

use crate::virtual_clock;
use sealed::Sealed;

/// A source of time: [`Boottime`], [`Monotonic`] or [`Realtime`]. For code that is generic over the clock; the clocks
/// themselves have the same functions without this trait.
///
/// Sealed: these are the clocks on which the kernel can set a timer.
///
/// ```
/// use dormouse::clock::{Clock, Monotonic};
/// use dormouse::{sleep_until, time::Instant};
/// use std::time::Duration;
///
/// async fn sleep_twice<C: Clock>(duration: Duration) -> Instant<C> {
///     sleep_until(C::now() + duration).await;
///     sleep_until(C::now() + duration).await;
///     C::now()
/// }
/// let done = dormouse::block_on(sleep_twice::<Monotonic>(Duration::from_millis(1)));
/// assert!(done <= Monotonic::now());
/// ```
pub trait Clock: Sealed + Copy + Send + Sync + Unpin + 'static {
    /// The present instant of this clock.
    ///
    /// ```
    /// use dormouse::clock::{Clock, Realtime};
    /// use dormouse::time::Instant;
    ///
    /// fn has_passed<C: Clock>(deadline: Instant<C>) -> bool {
    ///     deadline <= C::now()
    /// }
    /// assert!(has_passed(Realtime::now()));
    /// ```
    #[inline]
    fn now() -> Instant<Self> {
        let ns = virtual_clock::now_ns(Self::ID).unwrap_or_else(|| Self::ID.now_ns());
        Instant::from_ns(ns)
    }
}

// `Sealed` is public in a private module, so that only this crate can implement `Clock`.
mod sealed {
    use super::ClockId;

    /// Seals [`Clock`](super::Clock).
    pub trait Sealed {
        /// See [`ClockId`].
        const ID: ClockId;
    }
}

/// Time since the machine booted, **including** the time it was suspended: `CLOCK_BOOTTIME`.
///
/// The default clock of this crate. A lease or a token expires, and an hourly poll becomes due, also while the lid of a
/// laptop is closed; on this clock a program notices at the resume.
///
/// The name is that of Linux and OpenBSD. On Apple's systems it is their `CLOCK_MONOTONIC`, which counts the time that the
/// machine sleeps. On FreeBSD, NetBSD and illumos it is `CLOCK_MONOTONIC` too, and whether that counts suspend depends on
/// the release and the hardware. On Windows it is the performance counter, which counts suspend: see
/// [the table](crate::platform#clocks).
///
/// ```
/// use dormouse::clock::Boottime;
/// use dormouse::time::Instant;
/// // `Instant` without a parameter is `Instant<Boottime>`.
/// let start: Instant = Instant::now();
/// assert!(Boottime::now() >= start);
/// ```
#[doc(alias = "CLOCK_BOOTTIME")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boottime;

/// Time that the machine has been running, **excluding** suspend: `CLOCK_MONOTONIC`.
///
/// On Linux and Apple's systems, the clock of `std::time::Instant` and of `tokio::time`. Use it to measure work, and for
/// retry back-off.
///
/// The name is that of Linux. On Apple's systems it is `CLOCK_UPTIME_RAW`, on the BSDs except NetBSD `CLOCK_UPTIME`. On
/// Windows it is the same clock as [`Boottime`], so it counts suspend: see
/// [the table](crate::platform#clocks).
///
/// ```
/// use dormouse::clock::Monotonic;
/// let start = Monotonic::now();
/// println!("that took {:?}", start.elapsed());
/// ```
#[doc(alias = "CLOCK_MONOTONIC")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic;

/// The wall clock, that is, the time of day: `CLOCK_REALTIME`.
///
/// It counts the time that the machine is suspended, and **it can be set** at any time, forward or back, by the user or
/// by NTP. Sleeps follow it: a sleep until noon completes at noon by the clock as it is set then, and at once if the
/// clock is set to past noon. (Without a timerfd, as on other systems than Linux, that is noticed within a second.) So use it
/// for times of day, and not to measure durations.
///
/// An [`Instant`] of this clock converts from a `SystemTime` and back. A time before 1970 becomes
/// the start of 1970, and a time after 2554 never comes.
///
/// ```
/// use dormouse::clock::Realtime;
/// use std::time::{Duration, SystemTime};
///
/// # fn an_hour_to_go() -> SystemTime { SystemTime::now() + Duration::from_millis(1) }
/// dormouse::block_on(async {
///     let noon: SystemTime = an_hour_to_go();
///     Realtime::sleep_until(noon).await;
///     assert!(Realtime::now() >= noon.into());
/// });
/// ```
#[doc(alias = "CLOCK_REALTIME")]
#[doc(alias = "SystemTime")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Realtime;

macro_rules! clocks {
    ($($clock:ident)*) => {$(
        impl Sealed for $clock {
            const ID: ClockId = ClockId::$clock;
        }

        impl Clock for $clock {}

        impl $clock {
            /// The present instant of this clock. In virtual time (feature `test-util`), that of the
            /// virtual clock; inside a tokio runtime whose clock is paused, it follows that clock.
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            #[doc = concat!("let start = ", stringify!($clock), "::now();")]
            #[doc = concat!("println!(\"{:?} later\", ", stringify!($clock), "::now() - start);")]
            /// ```
            #[inline]
            pub fn now() -> Instant<$clock> {
                <$clock as Clock>::now()
            }
        }
    )*};
}

clocks! { Boottime Monotonic Realtime }
