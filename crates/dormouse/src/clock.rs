//! Clocks: what a sleep or an instant is measured by.
//!
//! A clock is a type, so that instants of two clocks cannot be mixed up.
//!
#![doc = include_str!("clock/which.md")]

mod id;
mod realtime;

pub use crate::time::steps::{Changes, Resumes, Step, changes, resumes};
// `Sealed` is public in a private module, so that only this crate can implement `Clock`.
pub(crate) use id::{ClockId, Sealed};
pub use realtime::Realtime;

use crate::time::{Instant, Sleep, sleep_until};
use crate::virtual_clock;
use std::time::Duration;

/// A source of time: [`Boottime`], [`Monotonic`] or [`Realtime`].
///
/// Sealed: these are the clocks on which the kernel can set a timer.
///
/// ```
/// use dormouse::clock::{Boottime, Clock, Monotonic};
///
/// let since_boot = Boottime::now();
/// let awake_since_boot = Monotonic::now();
/// assert!(Boottime::now() >= since_boot);
/// assert!(Monotonic::now() >= awake_since_boot);
/// ```
pub trait Clock: Sealed + Copy + Send + Sync + Unpin + 'static {
    /// The present instant of this clock.
    ///
    /// ```
    /// use dormouse::clock::{Boottime, Clock};
    /// assert!(Boottime::now() <= Boottime::now());
    /// ```
    fn now() -> Instant<Self> {
        let ns = virtual_clock::now_ns(Self::ID).unwrap_or_else(|| Self::ID.now_ns());
        Instant::from_ns(ns)
    }

    /// Waits for `duration` on this clock. [`sleep`](crate::sleep()) does so on [`Boottime`].
    ///
    /// ```
    /// use dormouse::clock::{Clock, Monotonic};
    /// use std::time::Duration;
    /// dormouse::block_on(Monotonic::sleep(Duration::from_millis(1)));
    /// ```
    fn sleep(duration: Duration) -> Sleep<Self> {
        sleep_until(Self::now() + duration)
    }
}

/// Time since the machine booted, **including** the time it was suspended: `CLOCK_BOOTTIME`.
///
/// The default clock of this crate. A lease or a token expires, and an hourly poll becomes due, also while the lid of a
/// laptop is closed; on this clock a program notices at the resume. On systems without such a clock (all but Linux and
/// Android), it is the monotonic clock of the system.
///
/// ```
/// use dormouse::time::Instant;
/// // `Instant` without a parameter is `Instant<Boottime>`.
/// let now: Instant = Instant::now();
/// # let _ = now;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boottime;

/// Time that the machine has been running, **excluding** suspend: `CLOCK_MONOTONIC`.
///
/// The clock of `std::time::Instant` and of `tokio::time`. Use it to measure work, and for retry back-off.
///
/// ```
/// use dormouse::clock::{Clock, Monotonic};
/// let start = Monotonic::now();
/// println!("that took {:?}", start.elapsed());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Monotonic;

impl Clock for Boottime {}
impl Clock for Monotonic {}
