//! Conversions between the instants of std and of this crate.
//!
//! Not for the wall clock: when it is set, its time of an event changes, and std's does not.

use super::{Boottime, Clock, Instant, Monotonic, to_ns_saturating};
use crate::system_clock::read_pair::read_pair;
use std::time::{Duration, Instant as StdInstant};

macro_rules! std_instant {
    ($($clock:ident)*) => {$(
        /// Reads both clocks, and keeps the distance from now.
        ///
        /// # Accuracy
        /// The error is within the time that it takes to read two clocks: less than a microsecond, unless the thread is
        /// interrupted in each of several attempts. Two conversions of one instant can differ by as much.
        ///
        /// On Linux and Apple's systems, the clock of std does not count suspend. So on [`Boottime`], the time that the machine is suspended between
        /// the instant and the conversion is missing from the result.
        ///
        /// ```
        #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
        /// use dormouse::time::Instant;
        /// use std::time::Duration;
        ///
        /// // A deadline from another crate.
        /// let by = std::time::Instant::now() + Duration::from_millis(1);
        #[doc = concat!("let deadline: Instant<", stringify!($clock), "> = by.into();")]
        /// dormouse::block_on(dormouse::sleep_until(deadline));
        /// ```
        impl From<StdInstant> for Instant<$clock> {
            fn from(instant: StdInstant) -> Instant<$clock> {
                from_std(instant)
            }
        }

        /// Reads both clocks, and keeps the distance from now. As accurate as the opposite conversion. An instant too
        /// late for std becomes one some thirty years from now, and one too early becomes now.
        ///
        /// ```
        #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
        /// use std::time::Duration;
        #[doc = concat!("let deadline = ", stringify!($clock), "::now() + Duration::from_secs(1);")]
        /// let left = std::time::Instant::from(deadline) - std::time::Instant::now();
        /// assert!(left <= Duration::from_secs(1));
        /// ```
        impl From<Instant<$clock>> for StdInstant {
            fn from(instant: Instant<$clock>) -> StdInstant {
                to_std(instant)
            }
        }

        impl Instant<$clock> {
            /// Converts it into an instant of std, as [`From`](StdInstant) does.
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            #[doc = concat!("let now = ", stringify!($clock), "::now().into_std();")]
            /// assert!(now <= std::time::Instant::now());
            /// ```
            pub fn into_std(self) -> StdInstant {
                self.into()
            }
        }
    )*};
}

std_instant!(Boottime Monotonic);

// Not for each clock, for the reason given at `Instant::now`.
impl Instant {
    /// Converts an instant of std into one of the boot-time clock, as `From` does, also for the monotonic clock.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// let deadline = Instant::from_std(std::time::Instant::now());
    /// assert!(deadline <= Instant::now());
    /// ```
    pub fn from_std(std: std::time::Instant) -> Instant {
        std.into()
    }
}

fn from_std<C: Clock>(instant: StdInstant) -> Instant<C> {
    let (std, now) = both();
    match instant.checked_duration_since(std) {
        Some(later) => now + later,
        None => now - (std - instant),
    }
}

fn to_std<C: Clock>(instant: Instant<C>) -> StdInstant {
    const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
    let (std, now) = both::<C>();
    match instant.checked_duration_since(now) {
        Some(later) => std.checked_add(later).unwrap_or(std + FAR),
        None => std.checked_sub(now - instant).unwrap_or(std),
    }
}

/// The present instant of both clocks.
fn both<C: Clock>() -> (StdInstant, Instant<C>) {
    let (_, both) = read_pair(|| {
        let before = StdInstant::now();
        let now = C::now();
        let error = before.elapsed();
        (to_ns_saturating(error), (before + error / 2, now))
    });
    both
}
