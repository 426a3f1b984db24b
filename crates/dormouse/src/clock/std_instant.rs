//! Conversions between the instants of std and of this crate.

use super::read_pair::read_pair;
use super::{Clock, Instant, to_ns};
use std::time::{Duration, Instant as StdInstant};

/// Reads both clocks, and keeps the distance from now.
///
/// # Accuracy
/// The error is within the time that it takes to read two clocks: less than a microsecond, unless the thread is
/// interrupted in each of several attempts. Two conversions of one instant can differ by as much.
///
/// The clock of std does not count suspend. So on [`Boottime`](crate::clock::Boottime), the time that the machine is
/// suspended between the instant and the conversion is missing from the result. The same holds for the steps of
/// [`Realtime`](crate::clock::Realtime).
///
/// ```
/// use dormouse::time::Instant;
/// use std::time::Duration;
///
/// // A deadline from another crate.
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

/// Reads both clocks, and keeps the distance from now. As accurate as the
/// [opposite conversion](Instant#impl-From<Instant>-for-Instant<C>). An instant too late for std becomes one some thirty
/// years from now, and one too early becomes now.
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

/// The present instant of both clocks.
fn both<C: Clock>() -> (StdInstant, Instant<C>) {
    let (_, both) = read_pair(|| {
        let before = StdInstant::now();
        let now = C::now();
        let error = before.elapsed();
        (to_ns(error).unwrap_or(u64::MAX), (before + error / 2, now))
    });
    both
}
