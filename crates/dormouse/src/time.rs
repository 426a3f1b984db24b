//! Sleeps, timeouts and intervals.
//!
//! The names are those of `tokio::time`, so a program can switch by changing its imports. The main differences: the
//! default clock advances during suspend, a [`Sleep`] is `Unpin`, so that [`reset`](Sleep::reset) takes `&mut self`, and
//! nothing here panics or needs a runtime context.
//!
//! # Accuracy
//! Nothing completes early by its own clock. How late a single sleep completes depends on the timerfd of the kernel and
//! on the executor: about 50 us on an idle machine. (`tokio::time` rounds up to its tick of 1 ms.) Where many sleeps
//! fire, wake-ups are spaced out to save CPU: after a wake-up for n sleeps, the next comes (n - 1) * 25 us later at the
//! earliest, but this delay is never more than 500 us. See the README for numbers and how to reproduce them.

mod alarm;
mod aligned;
#[cfg(feature = "hyper")]
mod hyper;
mod instant;
mod interop;
mod interval;
mod read_pair;
mod retry;
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
pub(crate) use retry::RetryPauses;
pub use sleep::{Sleep, sleep, sleep_until};
pub use timeout::{Elapsed, Timeout, timeout, timeout_at};
