//! `Instant`: a point in time on a clock.

use super::{Boottime, Clock, ClockId, Realtime};
use crate::system_clock::to_ns;
use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::time::{Duration, SystemTime};

/// A point in time on the clock `C`, with a resolution of a nanosecond.
///
/// Like `std::time::Instant`, but with the clock in its type. The default is [`Boottime`], which advances while the
/// machine is suspended. Arithmetic saturates at the ends of the clock, the upper of which is [`Instant::FAR_FUTURE`]:
/// it never panics or wraps.
///
/// ```
/// use dormouse::time::Instant;
/// use std::time::Duration;
///
/// let start = Instant::now();
/// let deadline = start + Duration::from_secs(5);
/// assert_eq!(deadline - start, Duration::from_secs(5));
/// assert_eq!(start - deadline, Duration::ZERO);
/// assert_eq!(start + Duration::MAX, Instant::FAR_FUTURE);
/// ```
pub struct Instant<C: Clock = Boottime> {
    ns: u64,
    clock: PhantomData<C>,
}

impl Instant {
    /// The present instant of the boot-time clock.
    ///
    /// `Instant::<Monotonic>::now()` does not exist: write [`Monotonic::now()`](crate::clock::Monotonic::now), and
    /// [`Realtime::now()`](crate::clock::Realtime::now). Otherwise the compiler could not infer the clock of
    /// `Instant::now()`.
    ///
    /// ```
    /// use dormouse::clock::Monotonic;
    /// use dormouse::time::Instant;
    /// let now: Instant = Instant::now();
    /// let awake: Instant<Monotonic> = Monotonic::now();
    /// # let _ = (now, awake);
    /// ```
    #[inline]
    pub fn now() -> Instant {
        Boottime::now()
    }
}

impl<C: Clock> Instant<C> {
    /// The latest instant: some 584 years after boot, or after 1970 on the wall clock. A sleep until then never completes.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// assert!(Instant::now() < Instant::FAR_FUTURE);
    /// ```
    pub const FAR_FUTURE: Instant<C> = Instant { ns: u64::MAX, clock: PhantomData };

    /// The time since this instant; zero if it is in the future.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// let start = Instant::now();
    /// println!("that took {:?}", start.elapsed());
    /// ```
    pub fn elapsed(&self) -> Duration {
        C::now() - *self
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// let start = Instant::now();
    /// println!("that took {:?}", Instant::now().duration_since(start));
    /// ```
    pub fn duration_since(&self, earlier: Instant<C>) -> Duration {
        self.saturating_duration_since(earlier)
    }

    /// The time from `earlier` to this instant; zero if `earlier` is later.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    /// let now = Instant::now();
    /// let later = now + Duration::from_millis(3);
    /// assert_eq!(later.saturating_duration_since(now), Duration::from_millis(3));
    /// assert_eq!(now.saturating_duration_since(later), Duration::ZERO);
    /// ```
    pub fn saturating_duration_since(&self, earlier: Instant<C>) -> Duration {
        self.checked_duration_since(earlier).unwrap_or_default()
    }

    /// The time from `earlier` to this instant; `None` if `earlier` is later.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    /// let now = Instant::now();
    /// assert_eq!(now.checked_duration_since(now), Some(Duration::ZERO));
    /// assert_eq!(now.checked_duration_since(now + Duration::from_nanos(1)), None);
    /// ```
    pub fn checked_duration_since(&self, earlier: Instant<C>) -> Option<Duration> {
        self.ns.checked_sub(earlier.ns).map(Duration::from_nanos)
    }

    /// The instant that is `duration` later; `None` past the end of the clock.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    /// let now = Instant::now();
    /// assert!(now.checked_add(Duration::from_secs(1)).is_some());
    /// assert_eq!(now.checked_add(Duration::MAX), None);
    /// ```
    pub fn checked_add(&self, duration: Duration) -> Option<Instant<C>> {
        self.ns.checked_add(to_ns(duration)?).map(Instant::from_ns)
    }

    /// The instant that is `duration` earlier; `None` before the start of the clock.
    ///
    /// ```
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    /// assert_eq!(Instant::now().checked_sub(Duration::MAX), None);
    /// ```
    pub fn checked_sub(&self, duration: Duration) -> Option<Instant<C>> {
        self.ns.checked_sub(to_ns(duration)?).map(Instant::from_ns)
    }

    pub(crate) const fn from_ns(ns: u64) -> Instant<C> {
        Instant { ns, clock: PhantomData }
    }

    pub(crate) const fn ns(self) -> u64 {
        self.ns
    }
}

impl<C: Clock> Add<Duration> for Instant<C> {
    type Output = Instant<C>;
    fn add(self, duration: Duration) -> Instant<C> {
        self.checked_add(duration).unwrap_or(Instant::FAR_FUTURE)
    }
}

impl<C: Clock> AddAssign<Duration> for Instant<C> {
    fn add_assign(&mut self, duration: Duration) {
        *self = *self + duration;
    }
}

impl<C: Clock> Sub<Duration> for Instant<C> {
    type Output = Instant<C>;
    fn sub(self, duration: Duration) -> Instant<C> {
        self.checked_sub(duration).unwrap_or(Instant::from_ns(0))
    }
}

impl<C: Clock> SubAssign<Duration> for Instant<C> {
    fn sub_assign(&mut self, duration: Duration) {
        *self = *self - duration;
    }
}

impl<C: Clock> Sub for Instant<C> {
    type Output = Duration;
    fn sub(self, earlier: Instant<C>) -> Duration {
        self.saturating_duration_since(earlier)
    }
}

// Not derived: derives would require the same traits of the clock.
impl<C: Clock> Clone for Instant<C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C: Clock> Copy for Instant<C> {}

impl<C: Clock> PartialEq for Instant<C> {
    fn eq(&self, other: &Self) -> bool {
        self.ns == other.ns
    }
}

impl<C: Clock> Eq for Instant<C> {}

impl<C: Clock> PartialOrd for Instant<C> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<C: Clock> Ord for Instant<C> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.ns.cmp(&other.ns)
    }
}

impl<C: Clock> Hash for Instant<C> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.ns.hash(state);
    }
}

impl<C: Clock> fmt::Debug for Instant<C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let clock = match C::ID {
            ClockId::Boottime => "Boottime",
            ClockId::Monotonic => "Monotonic",
            ClockId::Realtime => "Realtime",
        };
        write!(f, "{clock}({:?})", Duration::from_nanos(self.ns))
    }
}

/// Saturates: a time before 1970 becomes the start of 1970, and one after 2554 becomes [`Instant::FAR_FUTURE`]. Otherwise
/// exact.
///
/// ```
/// use dormouse::{clock::Realtime, time::Instant};
/// use std::time::{Duration, UNIX_EPOCH};
///
/// let start = Instant::<Realtime>::from(UNIX_EPOCH);
/// assert_eq!(Instant::from(UNIX_EPOCH - Duration::from_secs(1)), start);
/// ```
impl From<SystemTime> for Instant<Realtime> {
    fn from(time: SystemTime) -> Instant<Realtime> {
        match time.duration_since(SystemTime::UNIX_EPOCH) {
            Ok(since) => Instant::from_ns(0) + since,
            Err(_) => Instant::from_ns(0),
        }
    }
}

/// Exact. [`Instant::FAR_FUTURE`] becomes its time in 2554.
///
/// ```
/// use dormouse::clock::Realtime;
/// use std::time::SystemTime;
/// println!("it is {:?}", SystemTime::from(Realtime::now()));
/// ```
impl From<Instant<Realtime>> for SystemTime {
    fn from(instant: Instant<Realtime>) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_nanos(instant.ns())
    }
}
