//! Retries: the [`Sleeper`] of [backon] 1.

use backon::Sleeper;
use dormouse::clock::Monotonic;
use dormouse::time::Sleep;
use std::time::Duration;

/// The pauses between the attempts of a retry, on any executor.
///
/// They are on [`Monotonic`]: the time during which the machine is suspended does not count. backon takes a function too, so
/// `.sleep(dormouse::sleep)` counts it. The type has a name that a struct can store.
///
/// ```
/// use backon::{ConstantBuilder, Retryable};
/// use dormouse_adapters::backon_1::DormouseSleeper;
/// use std::time::Duration;
///
/// let mut attempts = 0;
/// let request = || {
///     attempts += 1;
///     let attempt = attempts;
///     async move { if attempt < 3 { Err("busy") } else { Ok(attempt) } }
/// };
/// let retried = request
///     .retry(ConstantBuilder::default().with_delay(Duration::from_millis(5)))
///     .sleep(DormouseSleeper);
/// assert_eq!(dormouse::block_on(async { retried.await }), Ok(3));
/// ```
#[doc(alias("FuturesTimerSleeper", "TokioSleeper"))]
#[derive(Clone, Copy, Debug, Default)]
pub struct DormouseSleeper;

impl Sleeper for DormouseSleeper {
    type Sleep = Sleep<Monotonic>;

    fn sleep(&self, duration: Duration) -> Sleep<Monotonic> {
        Monotonic::sleep(duration)
    }
}
