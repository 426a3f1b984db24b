//! Instants of std, and what they are by this crate's clocks.

use crate::clock::Clock;
use crate::time::at_once::at_once;
use crate::time::{Instant, to_ns};
use std::time::{Duration, Instant as StdInstant};

/// As of now, by reading both clocks.
///
/// # Accuracy
/// To within the time that it takes to read two clocks, less than a microsecond unless the thread is interrupted in
/// each of several attempts. What is converted twice may differ by as much. std's clock does not count suspend: for
/// [`Boottime`](crate::clock::Boottime), an instant of the past is right as far as the machine was not suspended
/// since, and one of the future as far as it will not be. The like goes for steps of
/// [`Realtime`](crate::clock::Realtime).
///
/// ```
/// use dormouse::time::Instant;
/// use std::time::Duration;
///
/// // What another crate wants done by then.
/// let by = std::time::Instant::now() + Duration::from_millis(1);
/// let deadline: Instant = by.into();
/// dormouse::block_on(dormouse::sleep_until(deadline));
/// ```
impl<C: Clock> From<StdInstant> for Instant<C> {
    fn from(instant: StdInstant) -> Instant<C> {
        let (std, now) = both();
        match instant.checked_duration_since(std) {
            Some(later) => now + later,
            None => now - (std - instant),
        }
    }
}

/// As of now, by reading both clocks: as exact as the [conversion](Instant#impl-From<Instant>-for-Instant<C>) the
/// other way. What std cannot express becomes some thirty years from now.
///
/// ```
/// use dormouse::time::Instant;
/// use std::time::Duration;
/// let deadline = Instant::now() + Duration::from_secs(1);
/// let left = std::time::Instant::from(deadline) - std::time::Instant::now();
/// assert!(left <= Duration::from_secs(1));
/// ```
impl<C: Clock> From<Instant<C>> for StdInstant {
    fn from(instant: Instant<C>) -> StdInstant {
        const FAR: Duration = Duration::from_secs(30 * 365 * 86_400);
        let (std, now) = both::<C>();
        match instant.checked_duration_since(now) {
            Some(later) => std.checked_add(later).unwrap_or(std + FAR),
            None => std.checked_sub(now - instant).unwrap_or(std),
        }
    }
}

/// The present by both clocks.
fn both<C: Clock>() -> (StdInstant, Instant<C>) {
    let (_, both) = at_once(|| {
        let before = StdInstant::now();
        let now = C::now();
        let error = before.elapsed();
        (to_ns(error).unwrap_or(u64::MAX), (before + error / 2, now))
    });
    both
}
