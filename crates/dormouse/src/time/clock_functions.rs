//! The functions of the clocks: `Monotonic::sleep` and its like. They need no trait in scope, so they are inherent. They
//! are here because `clock` does not know sleeps. (`now` is in `clock`, and `Realtime::interval_aligned` in `aligned`.)

use crate::clock::{Boottime, Monotonic, Realtime};
use crate::time::{Instant, Interval, Sleep, Timeout, interval_at, sleep_until, timeout_at};
use std::future::IntoFuture;
use std::time::Duration;

/// For the clocks that measure durations. `$free` says that the free functions use this clock.
macro_rules! clock_functions {
    ($($clock:ident $(, $free:literal)?;)*) => {$(
        impl $clock {
            /// Waits for `duration` on this clock.
            $(#[doc = concat!("[`sleep`](super::sleep()) ", $free)])?
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            /// use std::time::Duration;
            #[doc = concat!("dormouse::block_on(", stringify!($clock), "::sleep(Duration::from_millis(1)));")]
            /// ```
            ///
            /// # Cancel safety
            /// Dropping the sleep cancels it, without a system call.
            ///
            /// # Accuracy
            /// Never early by this clock. See [the module](crate::time#accuracy) for how late.
            #[inline]
            #[track_caller]
            pub fn sleep(duration: Duration) -> Sleep<$clock> {
                sleep_until($clock::now() + duration)
            }

            /// Waits until `deadline`, as [`sleep_until`](crate::sleep_until()).
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            /// use std::time::Duration;
            ///
            /// dormouse::block_on(async {
            #[doc = concat!("    let deadline = ", stringify!($clock), "::now() + Duration::from_millis(1);")]
            #[doc = concat!("    ", stringify!($clock), "::sleep_until(deadline).await;")]
            /// });
            /// ```
            ///
            /// # Cancel safety
            /// Dropping the sleep cancels it, without a system call.
            #[track_caller]
            pub fn sleep_until(deadline: Instant<$clock>) -> Sleep<$clock> {
                sleep_until(deadline)
            }

            /// Requires `future` to complete within `duration` on this clock.
            $(#[doc = concat!("[`timeout`](super::timeout()) ", $free)])?
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            /// use std::{future::pending, time::Duration};
            ///
            /// dormouse::block_on(async {
            ///     let limit = Duration::from_millis(1);
            #[doc = concat!("    assert!(", stringify!($clock), "::timeout(limit, pending::<()>()).await.is_err());")]
            /// });
            /// ```
            ///
            /// # Errors
            /// [`Elapsed`](crate::time::error::Elapsed) if the duration has elapsed.
            ///
            /// # Cancel safety
            /// Dropping the timeout drops the future.
            #[track_caller]
            pub fn timeout<F: IntoFuture>(
                duration: Duration,
                future: F,
            ) -> Timeout<F::IntoFuture, $clock> {
                timeout_at($clock::now() + duration, future)
            }

            /// Requires `future` to complete before `deadline`, as [`timeout_at`](crate::timeout_at()).
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            /// use std::{future::pending, time::Duration};
            ///
            /// dormouse::block_on(async {
            #[doc = concat!("    let deadline = ", stringify!($clock), "::now() + Duration::from_millis(1);")]
            #[doc = concat!("    assert!(", stringify!($clock), "::timeout_at(deadline, pending::<()>()).await.is_err());")]
            /// });
            /// ```
            ///
            /// # Errors
            /// [`Elapsed`](crate::time::error::Elapsed) if the deadline has passed.
            ///
            /// # Cancel safety
            /// Dropping the timeout drops the future.
            #[track_caller]
            pub fn timeout_at<F: IntoFuture>(
                deadline: Instant<$clock>,
                future: F,
            ) -> Timeout<F::IntoFuture, $clock> {
                timeout_at(deadline, future)
            }

            /// Ticks every `period` on this clock. The first tick is due at once.
            $(#[doc = concat!("[`interval`](super::interval()) ", $free)])?
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            /// use std::time::Duration;
            ///
            /// dormouse::block_on(async {
            #[doc = concat!("    let mut ticks = ", stringify!($clock), "::interval(Duration::from_millis(1));")]
            ///     let (first, second) = (ticks.tick().await, ticks.tick().await);
            ///     assert_eq!(second - first, Duration::from_millis(1));
            /// });
            /// ```
            #[track_caller]
            pub fn interval(period: Duration) -> Interval<$clock> {
                interval_at($clock::now(), period)
            }

            /// Ticks at `start`, and every `period` from then on, as [`interval_at`](crate::interval_at()).
            ///
            /// ```
            #[doc = concat!("use dormouse::clock::", stringify!($clock), ";")]
            /// use std::time::Duration;
            ///
            /// dormouse::block_on(async {
            #[doc = concat!("    let start = ", stringify!($clock), "::now() + Duration::from_millis(1);")]
            #[doc = concat!("    let mut ticks = ", stringify!($clock), "::interval_at(start, Duration::from_millis(1));")]
            ///     assert_eq!(ticks.tick().await, start);
            /// });
            /// ```
            #[track_caller]
            pub fn interval_at(start: Instant<$clock>, period: Duration) -> Interval<$clock> {
                interval_at(start, period)
            }
        }
    )*};
}

clock_functions! {
    Boottime, "does the same.";
    Monotonic;
}

/// There is no `sleep`, `timeout` or `interval` here, because a clock that can be set does not measure durations.
/// `sleep_until(Realtime::now() + duration)` waits for a time of day; see also
/// [`interval_aligned`](Realtime::interval_aligned).
impl Realtime {
    /// Waits until the wall clock shows `time`, even if the clock is set meanwhile.
    ///
    /// `time` is an [`Instant`] of this clock, or a `SystemTime`.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::time::{Duration, SystemTime};
    /// dormouse::block_on(async {
    ///     Realtime::sleep_until(SystemTime::now() + Duration::from_millis(1)).await;
    ///     Realtime::sleep_until(Realtime::now() + Duration::from_millis(1)).await;
    /// });
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the sleep cancels it, without a system call.
    ///
    /// # Accuracy
    /// Never early by the wall clock. See [the module](crate::time#accuracy) for how late. On a system without timerfd,
    /// the sleep notices within a second that the clock was set.
    #[track_caller]
    pub fn sleep_until(time: impl Into<Instant<Realtime>>) -> Sleep<Realtime> {
        sleep_until(time.into())
    }

    /// Requires `future` to complete before the wall clock shows `deadline`: an [`Instant`] of this clock, or a
    /// `SystemTime`.
    ///
    /// ```
    /// use dormouse::clock::Realtime;
    /// use std::{future::pending, time::{Duration, SystemTime}};
    ///
    /// dormouse::block_on(async {
    ///     let token_expires = SystemTime::now() + Duration::from_millis(1);
    ///     assert!(Realtime::timeout_at(token_expires, pending::<()>()).await.is_err());
    /// });
    /// ```
    ///
    /// # Errors
    /// [`Elapsed`](crate::time::error::Elapsed) if the clock has passed the deadline.
    ///
    /// # Cancel safety
    /// Dropping the timeout drops the future.
    #[track_caller]
    pub fn timeout_at<F: IntoFuture>(
        deadline: impl Into<Instant<Realtime>>,
        future: F,
    ) -> Timeout<F::IntoFuture, Realtime> {
        timeout_at(deadline.into(), future)
    }
}
