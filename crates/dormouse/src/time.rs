//! Sleeps, timeouts and intervals.
//!
//! The names are those of `tokio::time`, so a program can switch by changing its imports. The main differences: the
//! default clock advances during suspend, a [`Sleep`] is `Unpin`, so that [`reset`](Sleep::reset) takes `&mut self`, and
//! nothing here panics or needs a runtime context. tokio's paused clock moves the timers only with the feature `test-util`: see
//! [the tests of your users](crate::porting#the-tests-of-your-users).
//!
//! ```
//! use dormouse::time::{Duration, Instant, MissedTickBehavior, interval, sleep, timeout};
//!
//! dormouse::block_on(async {
//!     let start = Instant::now();
//!     sleep(Duration::from_millis(1)).await;
//!     assert!(start.elapsed() >= Duration::from_millis(1));
//!
//!     let mut ticks = interval(Duration::from_millis(2));
//!     ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
//!     let first_ten = async {
//!         for _ in 0..10 {
//!             ticks.tick().await;
//!         }
//!     };
//!     assert!(timeout(Duration::from_millis(5), first_ten).await.is_err());
//! });
//! ```
//!
//! The functions here use the default clock, or the clock that an instant belongs to. Each [clock](crate::clock) has
//! functions of its own, such as [`Monotonic::sleep`](crate::clock::Monotonic::sleep).
//!
//! # Accuracy
//! Nothing completes early by its own clock. How late a single sleep completes depends on the timerfd of the kernel and
//! on the executor: about 50 us on an idle machine. (`tokio::time` rounds up to its tick of 1 ms.) Where sleeps fire densely,
//! wake-ups are spaced out to save CPU, by up to 500 us. Each sleep has a wake-up of its own as long as no more than 12,500
//! are needed in a second, or 64 at once; the sleeps of one reactor and one clock are counted together, and those that fire
//! within 10 us of each other count once. (If a sleep is dropped or reset before its time, a wake-up may take place and count
//! nevertheless.) See
//! [BENCHMARKS.md](https://docs.rs/crate/dormouse/latest/source/BENCHMARKS.md) for numbers and how to reproduce them.
//!
//! Other systems than Linux have no timerfd. There it depends on how exactly the thread `dormouse` can wait: on Windows, which
//! rounds up to its timer interrupt, a sleep can be 16 ms late. See [the table of the systems](crate::platform#timers).
//!
//! In a browser it depends on `setTimeout`, which rounds up to whole milliseconds. Browsers keep timeouts that follow each
//! other 4 ms apart, and call those of a background tab once a second, or later once a minute.

mod alarm;
mod aligned;
mod clock_functions;
pub mod error;
#[cfg(feature = "hyper")]
mod hyper;
mod interval;
#[cfg(unix)]
mod retry;
pub(crate) mod slack;
mod sleep;
mod steps;
mod timeout;

#[cfg(feature = "hyper")]
pub use self::hyper::HyperTimer;
pub use crate::clock::instant::Instant;
pub use alarm::{Alarm, AlarmClock};
pub use aligned::AlignedInterval;
pub use interval::{Interval, MissedTickBehavior, interval, interval_at};
#[cfg(unix)]
pub(crate) use retry::RetryPauses;
#[cfg(all(feature = "process", unix))]
pub(crate) use retry::sleep_in_real_time;
pub use sleep::{Sleep, sleep, sleep_until};
pub use steps::{Resumes, WallClockChange, WallClockChanges};
pub use timeout::{Timeout, timeout, timeout_at};

#[doc(no_inline)]
pub use std::time::Duration;
