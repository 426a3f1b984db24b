//! `Timeout`: a future with a time limit.

use crate::clock::{Boottime, Clock};
use crate::coop;
use crate::time::error::Elapsed;
use crate::time::{Instant, Sleep, sleep_until};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

/// Requires `future` to complete within `duration` on the boot-time clock.
///
/// The future is polled before the time is checked, so one that is ready completes, even with a duration of zero. A
/// future that never waits, because its sockets are always ready, is limited too: it yields after 128
/// [operations](crate::io#coop-budget), and then the time is checked.
///
/// ```
/// use std::{future::pending, time::Duration};
///
/// dormouse::block_on(async {
///     let limit = Duration::from_millis(10);
///     assert_eq!(dormouse::timeout(limit, async { 7 }).await, Ok(7));
///     assert!(dormouse::timeout(limit, pending::<()>()).await.is_err());
/// });
/// ```
///
/// # Errors
/// [`Elapsed`] if the duration has elapsed. It converts into an `io::Error` of kind `TimedOut`.
///
/// # Cancel safety
/// Dropping the timeout drops the future.
///
/// # Accuracy
/// That of a [`sleep`](crate::sleep()). A timeout whose future completes in time makes no system call, unless its
/// deadline is the earliest of all.
#[track_caller]
pub fn timeout<F: IntoFuture>(duration: Duration, future: F) -> Timeout<F::IntoFuture> {
    timeout_at(Instant::now() + duration, future)
}

/// Requires `future` to complete before `deadline`, on the clock that this is an instant of. Otherwise as [`timeout`].
///
/// ```
/// use dormouse::{clock::Monotonic, timeout_at};
/// use std::{future::pending, time::Duration};
///
/// dormouse::block_on(async {
///     let deadline = Monotonic::now() + Duration::from_millis(10);
///     assert!(timeout_at(deadline, pending::<()>()).await.is_err());
/// });
/// ```
///
/// # Errors
/// [`Elapsed`] if the deadline has passed.
///
/// # Cancel safety
/// Dropping the timeout drops the future.
#[track_caller]
pub fn timeout_at<F: IntoFuture, C: Clock>(
    deadline: Instant<C>,
    future: F,
) -> Timeout<F::IntoFuture, C> {
    Timeout { future: future.into_future(), sleep: sleep_until(deadline) }
}

pin_project! {
    /// Future returned by [`timeout`] and [`timeout_at`].
    ///
    /// ```
    /// use std::time::Duration;
    /// let limited = dormouse::timeout(Duration::from_secs(1), async { "done" });
    /// assert_eq!(dormouse::block_on(limited), Ok("done"));
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Timeout<F, C: Clock = Boottime> {
        #[pin]
        future: F,
        sleep: Sleep<C>,
    }
}

// Not derived: that would require `C: Debug`.
impl<F: fmt::Debug, C: Clock> fmt::Debug for Timeout<F, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Timeout").field("future", &self.future).field("sleep", &self.sleep).finish()
    }
}

impl<F, C: Clock> Timeout<F, C> {
    /// The future that has the time limit.
    ///
    /// ```
    /// use std::{future::ready, time::Duration};
    /// let limited = dormouse::timeout(Duration::ZERO, ready(1));
    /// println!("waiting for {:?}", limited.get_ref());
    /// ```
    pub fn get_ref(&self) -> &F {
        &self.future
    }

    /// The future that has the time limit, mutable.
    ///
    /// ```
    /// use std::{future::ready, time::Duration};
    /// let mut limited = dormouse::timeout(Duration::ZERO, ready(1));
    /// *limited.get_mut() = ready(2);
    /// assert_eq!(dormouse::block_on(limited), Ok(2));
    /// ```
    pub fn get_mut(&mut self) -> &mut F {
        &mut self.future
    }

    /// Returns the future, without the time limit.
    ///
    /// ```
    /// use std::{future::ready, time::Duration};
    /// let limited = dormouse::timeout(Duration::ZERO, ready(1));
    /// assert_eq!(dormouse::block_on(limited.into_inner()), 1);
    /// ```
    pub fn into_inner(self) -> F {
        self.future
    }
}

impl<F: Future, C: Clock> Future for Timeout<F, C> {
    type Output = Result<F::Output, Elapsed>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        if let Poll::Ready(output) = coop::with_budget(|| this.future.poll(cx)) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(this.sleep).poll(cx).map(|()| Err(Elapsed::new()))
    }
}
