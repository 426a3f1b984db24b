//! Sleeps, timeouts and intervals.
//!
//! The names are those of `tokio::time`, so that a program moves over by changing its imports. The
//! differences: the default clock goes on during suspend, and nothing here panics or needs to be
//! called from anywhere in particular.
//!
//! # Accuracy
//! Nothing completes early by its own clock. A lone sleep completes as late as the kernel's timerfd
//! and the executor make it, about 50 us on an idle machine; `tokio::time` rounds up to its tick of
//! 1 ms. Where many fire, wake-ups are spaced out to save CPU: after one that woke n sleeps, the next comes
//! no sooner than (n - 1) * 25 us later, and never more than 500 us. See the README for numbers and how to repeat them.

mod alarm;
mod aligned;
mod at_once;
#[cfg(feature = "hyper")]
mod hyper;
mod instant;
mod interop;
mod interval;
pub(crate) mod slack;
mod sleep;
pub(crate) mod steps;
mod timeout;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTimer;
pub use alarm::{Alarm, AlarmClock};
pub use aligned::AlignedInterval;
pub use instant::Instant;
pub(crate) use instant::to_ns;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
