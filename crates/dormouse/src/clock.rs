//! Clocks: which time a sleep or an instant is measured by.
//!
//! A clock is a type, so that instants of two clocks cannot be mixed up. It knows how to read the
//! time in nanoseconds and nothing else: no timer, no reactor.

use crate::time::{Instant, Sleep, sleep_until};
use std::time::Duration;

/// A source of time: [`Boottime`] or [`Monotonic`].
///
/// Sealed: the clocks are those that the kernel can wake a sleeper by.
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
        Instant::from_ns(Self::ID.now_ns())
    }

    /// Waits for `duration` by this clock. [`sleep`](crate::sleep()) does so by [`Boottime`].
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
/// The default clock of this crate. A lease, a token's expiry or an hourly poll goes on while a
/// laptop's lid is closed, and so does this clock. Where the system has no such clock (all but
/// Linux and Android), it is the monotonic clock of the system.
///
/// ```
/// use dormouse::time::Instant;
/// // `Instant` without a parameter is `Instant<Boottime>`.
/// let now: Instant = Instant::now();
/// # let _ = now;
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Boottime;

/// Time that the machine has spent running, **excluding** suspend: `CLOCK_MONOTONIC`.
///
/// The clock of `std::time::Instant` and of `tokio::time`. Right for measuring work and for
/// retry back-off.
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

// Public in a private module, so that the crate alone can name them.
pub(crate) use sealed::{ClockId, Sealed};

mod sealed {
    use super::{Boottime, Monotonic};
    use std::sync::atomic::{AtomicU64, Ordering};

    /// The clocks as values: what the timer queue is told.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub enum ClockId {
        /// See [`Boottime`].
        Boottime,
        /// See [`Monotonic`].
        Monotonic,
    }

    impl ClockId {
        pub(crate) const ALL: [ClockId; 2] = [ClockId::Boottime, ClockId::Monotonic];

        /// Nanoseconds since the clock's epoch. A u64 of them lasts for 584 years.
        #[inline]
        pub(crate) fn now_ns(self) -> u64 {
            let clock = match self {
                #[cfg(any(target_os = "linux", target_os = "android"))]
                ClockId::Boottime => rustix::time::ClockId::Boottime,
                _ => rustix::time::ClockId::Monotonic,
            };
            read(clock)
        }

        /// A time that is not later than [`now_ns`](Self::now_ns), for a quarter of the price: behind by
        /// some ms, but for the first second after a suspend.
        #[inline]
        pub(crate) fn coarse_ns(self) -> u64 {
            #[cfg(any(target_os = "linux", target_os = "android"))]
            {
                let awake = read(rustix::time::ClockId::MonotonicCoarse);
                match self {
                    ClockId::Monotonic => awake,
                    ClockId::Boottime => {
                        // The coarse clock may be behind the exact one that was looked at.
                        let age = awake.saturating_sub(LOOKED_AT.load(Ordering::Relaxed));
                        if age > LOOK_EVERY_NS {
                            ClockId::synchronize();
                        }
                        awake.wrapping_add(SUSPENDED.load(Ordering::Relaxed))
                    }
                }
            }
            #[cfg(not(any(target_os = "linux", target_os = "android")))]
            self.now_ns()
        }

        /// Notes how far the boot-time clock is ahead of the monotonic one.
        pub(crate) fn synchronize() {
            // In this order, so that a suspend in between makes it too little, not too much.
            let boottime = ClockId::Boottime.now_ns();
            let awake = ClockId::Monotonic.now_ns();
            SUSPENDED.store(boottime.wrapping_sub(awake), Ordering::Relaxed);
            LOOKED_AT.store(awake, Ordering::Relaxed);
        }
    }

    /// For how many ns the machine had been suspended at `LOOKED_AT`, by the monotonic clock. (Negative,
    /// and so wrapped, in a time namespace that is made so.) Only a hint: an older value will do.
    static SUSPENDED: AtomicU64 = AtomicU64::new(0);
    static LOOKED_AT: AtomicU64 = AtomicU64::new(0);
    #[cfg(any(target_os = "linux", target_os = "android"))]
    const LOOK_EVERY_NS: u64 = 1_000_000_000;

    #[inline]
    fn read(clock: rustix::time::ClockId) -> u64 {
        let time = rustix::time::clock_gettime(clock);
        time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64
    }

    /// What the kernel calls the clock.
    pub trait Sealed {
        /// See [`ClockId`].
        const ID: ClockId;
    }

    impl Sealed for Boottime {
        const ID: ClockId = ClockId::Boottime;
    }

    impl Sealed for Monotonic {
        const ID: ClockId = ClockId::Monotonic;
    }
}
