//! Virtual time: clocks that stand still until a test moves them.
//!
//! A test that covers a year runs in milliseconds, ends at the same nanosecond in each run, and can suspend the machine
//! or set the wall clock on the way. The code under test does not change. [`Instant::now`](crate::time::Instant::now) and
//! [`Realtime::now`](crate::clock::Realtime::now) read the virtual time that they are called in. A sleep, timeout,
//! interval, alarm, [`WallClockChanges`](crate::time::WallClockChanges) or [`Resumes`](crate::time::Resumes) uses the
//! virtual time that it is created in.
//!
//! There are two ways to use it. Without an executor, [`VirtualTime::block_on`] runs a future, and advances to the next
//! deadline whenever nothing else can run:
//!
//! ```
//! use dormouse::VirtualTime;
//! use dormouse::time::{Instant, interval};
//! use std::time::Duration;
//!
//! const HOUR: Duration = Duration::from_secs(3600);
//!
//! VirtualTime::new().block_on(async {
//!     let start = Instant::now();
//!     let mut hourly = interval(HOUR);
//!     for _ in 0..365 * 24 + 1 {
//!         hourly.tick().await;
//!     }
//!     assert_eq!(start.elapsed(), 365 * 24 * HOUR);
//! });
//! ```
//!
//! On an executor, [`VirtualTime::scope`] runs a future in virtual time, on any thread, and
//! [`VirtualTime::advance`] advances the time:
//!
//! ```
//! use dormouse::{VirtualTime, sleep};
//! use std::time::Duration;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() {
//! let time = VirtualTime::new();
//! let task = tokio::spawn(time.scope(async { sleep(Duration::from_secs(3600)).await }));
//! time.advance(Duration::from_secs(3600)).await;
//! task.await.unwrap();
//! # }
//! ```
//!
//! A test can also set the wall clock, by [`set_wall_clock`](VirtualTime::set_wall_clock), and suspend the machine, which
//! [`Monotonic`](crate::clock::Monotonic) does not count:
//!
//! ```
//! use dormouse::clock::Monotonic;
//! use dormouse::{VirtualTime, sleep, time::Instant};
//! use std::time::Duration;
//!
//! let time = VirtualTime::new();
//! time.block_on(async {
//!     let (start, awake) = (Instant::now(), Monotonic::now());
//!     let lease = sleep(Duration::from_secs(3600));
//!     time.suspend(Duration::from_secs(7200));
//!     lease.await; // it has run out while the lid was closed
//!     assert_eq!(start.elapsed(), Duration::from_secs(7200));
//!     assert_eq!(awake.elapsed(), Duration::ZERO);
//! });
//! ```
//!
//! The feature belongs into the `[dev-dependencies]`: `cargo add --dev dormouse --features test-util`. Without it, virtual
//! time costs nothing.
//!
//! # Order
//! Timers fire in the order of their deadlines, across all clocks: the timer with the least time left fires next. Of
//! timers with equal time left, that of the sleep created first fires next. Each timer fires when its own clock shows its
//! deadline, and no clock has advanced further. To fire a timer is to call its waker; the executor decides when the task
//! is polled. [`advance`](VirtualTime::advance) and [`block_on`](VirtualTime::block_on) document what they wait for before
//! time advances further.
//!
//! # Limits
//! Threads, other processes, the network and `std::time` use real time. So does a sleep that was created outside of
//! virtual time: a sleep keeps the time that it was created in, real or virtual, wherever it is polled.
//!
//! The clock of `tokio::time` is another one, which a virtual time does not move. A program can pause it instead:
//! see the next section.
//!
//! A `send_to` or `connect` to a Unix socket that has no room retries in real time. During the first second of that, and
//! later from each timer that fires to the attempt that follows, time does not advance, except by
//! [`advance_now`](VirtualTime::advance_now). So a timeout around it ends only if the socket has had time to make room.
//!
//! # tokio's paused clock
//! With the features `tokio` and `test-util`, code inside a tokio runtime whose clock is paused (`start_paused`,
//! `tokio::time::pause`) follows that clock: [`Instant::now`](crate::time::Instant::now) on all three clocks, sleeps,
//! timeouts and intervals. An idle runtime advances to the next deadline of either crate, and `tokio::time::advance` moves
//! the clocks of both. This also holds in simulations that are built on that clock, such as turmoil.
//!
#![cfg_attr(feature = "tokio", doc = "```")]
#![cfg_attr(not(feature = "tokio"), doc = "```ignore")]
//! use dormouse::time::{Instant, sleep, timeout};
//! use std::time::Duration;
//!
//! const HOUR: Duration = Duration::from_secs(3600);
//!
//! #[tokio::main(flavor = "current_thread", start_paused = true)] // or `#[tokio::test(start_paused = true)]`
//! async fn main() {
//!     let start = Instant::now();
//!     assert!(timeout(HOUR, tokio::time::sleep(2 * HOUR)).await.is_err());
//!     assert!(tokio::time::timeout(HOUR, sleep(2 * HOUR)).await.is_err());
//!     assert_eq!(start.elapsed(), 2 * HOUR);
//! }
//! ```
//!
//! - A sleep follows the runtime that polls it, whether it was created before the pause or after. After a
//!   `tokio::time::resume` both clocks go on, ahead of real time.
//! - A sleep ends only while a thread drives the runtime (is in its `block_on`), as a sleep of tokio. On another thread, which
//!   has called `Runtime::enter`, a sleep waits for ever if no thread drives the runtime, also after a resume.
//! - An entered virtual time takes precedence. Real time passes in [`block_on`](crate::block_on()), in a runtime that has no
//!   time driver (`enable_time`), and for sleeps that are polled outside of the runtime or after it has shut down.
//! - Sleeps are rounded up to the milliseconds of tokio's timers. No suspend, and no step of the wall clock, is reported. An
//!   [`Alarm`](crate::time::Alarm) is a sleep. What waits for a paused clock is not in the `stats`.
//! - The lookup of a host name takes real time. The clock stands still until the system answers, but for no longer than a
//!   second. It does not wait for sockets, signals and (except on Windows) child processes, as with tokio's own: if nothing
//!   else runs, it advances to the next deadline while an answer is on its way, so a timeout around a `recv` ends at once.
//! - An instant of std converts by its distance from std's present time. So for one of tokio, add its distance from
//!   `tokio::time::Instant::now()` to [`Instant::now`](crate::time::Instant::now).
//! - tokio has no function to query whether a clock is paused. So inside a current-thread runtime each reading of a clock
//!   compares that of tokio with std's, which takes 60 ns, and a sleep that waits has a timer of tokio too, in case the
//!   clock is paused later, which takes 600 ns. Inside other runtimes, whose clocks cannot be paused, it is 10 ns.
//! - If the runtime has no time driver, the panic hook of the program sees one panic, which dormouse catches: tokio has no
//!   other sign. A program that is compiled with `panic = "abort"` cannot find out, and uses real time.

#[cfg(not(target_family = "wasm"))]
mod block_on;
mod builder;
mod quiesce;
mod scope;
#[cfg(not(target_family = "wasm"))]
#[cfg_attr(any(not(feature = "task"), loom), path = "virtual_time/tasks/absent.rs")]
mod tasks;

#[cfg(all(feature = "task", not(target_family = "wasm"), not(loom)))]
pub(crate) use tasks::BlockOnTasks;

pub use crate::virtual_clock::EnterGuard;
pub use builder::Builder;
pub use scope::Scope;

use crate::clock::{ClockId, Realtime, to_ns_saturating};
use crate::sync::lock;
use crate::time::Instant;
use crate::virtual_clock::Shared;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;

/// A time that stands still until it is moved: see the [module](self).
///
/// This is a handle: its clones are the same virtual time. Its clocks start at what the real clocks show, so an instant
/// that was taken before stays valid. Any number of virtual times can exist; they are independent.
///
/// It needs no executor, and simulates suspends and steps of the wall clock. A test that has paused the clock of tokio needs
/// no virtual time: see [tokio's paused clock](crate::virtual_time#tokios-paused-clock).
///
/// ```
/// use dormouse::VirtualTime;
/// use dormouse::time::Instant;
/// use std::time::Duration;
///
/// let time = VirtualTime::new();
/// let _guard = time.enter();
/// let start = Instant::now();
/// time.advance_now(Duration::from_secs(3600));
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// ```
#[doc(alias = "mock")]
#[doc(alias = "pause")]
#[doc(alias = "start_paused")]
#[derive(Clone)]
pub struct VirtualTime(Arc<Shared>);

impl VirtualTime {
    /// Creates a virtual time that starts now.
    ///
    /// For the same dates in each run, [set the wall clock](Self::set_wall_clock) first.
    ///
    /// ```
    /// let time = dormouse::VirtualTime::new();
    /// assert_eq!(time.now(), time.now());
    /// ```
    pub fn new() -> VirtualTime {
        VirtualTime::builder().build()
    }

    /// Creates a virtual time with options: a [grace](Builder::grace), in which a peer in real time can answer before
    /// time advances.
    ///
    /// ```
    /// use dormouse::VirtualTime;
    /// use std::time::Duration;
    /// let time = VirtualTime::builder().grace(Duration::from_millis(50)).build();
    /// assert_eq!(time.now(), time.now());
    /// ```
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// The present instant of the boot-time clock. The other clocks can be read [inside](Self::enter).
    ///
    /// ```
    /// use dormouse::VirtualTime;
    /// use std::time::Duration;
    /// let time = VirtualTime::new();
    /// let start = time.now();
    /// time.advance_now(Duration::from_secs(1));
    /// assert_eq!(time.now() - start, Duration::from_secs(1));
    /// ```
    pub fn now(&self) -> Instant {
        Instant::from_ns(self.0.now_ns(ClockId::Boottime))
    }

    /// Enters this time on the calling thread, until the guard is dropped.
    ///
    /// If the thread has entered several virtual times, the last one is current. In an async function that may move to
    /// another thread, use [`scope`](Self::scope).
    ///
    /// ```
    /// use dormouse::{VirtualTime, sleep};
    /// use std::time::Duration;
    ///
    /// #[tokio::main(flavor = "current_thread")] // or `#[tokio::test]`, which is the same
    /// async fn main() {
    ///     let time = VirtualTime::new();
    ///     let _guard = time.enter();
    ///     let task = tokio::spawn(sleep(Duration::from_secs(3600)));
    ///     time.advance(Duration::from_secs(3600)).await;
    ///     task.await.unwrap();
    /// }
    /// ```
    pub fn enter(&self) -> EnterGuard {
        EnterGuard::enter(&self.0)
    }

    /// The time that the caller is in.
    #[cfg(feature = "task")]
    pub(crate) fn current() -> Option<VirtualTime> {
        crate::virtual_clock::current().map(VirtualTime)
    }

    /// Wraps `future`, so that it is polled and dropped in this time, on any thread.
    ///
    /// A task that the future spawns by `dormouse::spawn` is in this time. One that it spawns by other functions is in this
    /// time only if it is scoped too. A sleep that is created before the call is outside: `scope(sleep(duration))` sleeps
    /// in real time, `scope(async { sleep(duration).await })` in this time.
    ///
    /// ```
    /// use dormouse::{VirtualTime, time::Instant};
    /// let time = VirtualTime::new();
    /// let now = futures::executor::block_on(time.scope(async { Instant::now() }));
    /// assert_eq!(now, time.now());
    /// ```
    ///
    /// # Cancel safety
    /// Dropping the scope drops the future.
    pub fn scope<F: IntoFuture>(&self, future: F) -> Scope<F::IntoFuture> {
        Scope::new(self, future.into_future())
    }

    /// Advances time by `duration`, from deadline to deadline, and waits for the woken tasks at each.
    ///
    /// Before it starts, and after each timer, it waits until every [scoped](Self::scope) future that was created or
    /// woken has been polled, on any thread, and has nothing more to do. So what a scoped task does at a deadline
    /// happens at that time, also on executors with several threads.
    ///
    /// It cannot see whether tasks without a scope have something to do. For these it yields to its executor a few times,
    /// and more often as long as sleeps are created or complete. That is enough on an executor with one thread, as that of
    /// `#[tokio::test]` is by default.
    ///
    /// The wait for scoped futures ends after a second of real time. So time advances without a future that is never
    /// polled, that always wakes itself again, or whose poll takes longer.
    ///
    /// ```
    /// use dormouse::{VirtualTime, time::Instant, sleep};
    /// use std::time::Duration;
    ///
    /// # fn main() {
    /// let time = VirtualTime::new();
    /// let start = time.now();
    /// let pool = futures::executor::ThreadPool::new().unwrap();
    /// let (report, reported) = std::sync::mpsc::channel();
    /// pool.spawn_ok(time.scope(async move {
    ///     for _ in 0..3 {
    ///         sleep(Duration::from_secs(60)).await;
    ///         report.send(start.elapsed().as_secs()).unwrap();
    ///     }
    /// }));
    /// futures::executor::block_on(time.advance(Duration::from_secs(3600)));
    /// assert_eq!(reported.iter().collect::<Vec<_>>(), [60, 120, 180]);
    /// # }
    /// ```
    ///
    /// # Cancel safety
    /// If the future is dropped, time does not advance further.
    pub fn advance(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        let time = self.0.clone();
        async move {
            let mut left_ns = to_ns_saturating(duration);
            while let Some(due) =
                quiesce::quiesce(&time, |clocks| time.step(clocks, &mut left_ns)).await
            {
                time.fire(due);
            }
        }
    }

    /// Advances time by `duration`, from deadline to deadline, and does not wait for the woken tasks.
    ///
    /// Wakers are called in order, each when the clock shows its deadline; when the call returns, all have been called.
    /// The tasks run when their executors poll them, and see the time as it is then. Timers that wakers create fire too.
    /// If two threads call it concurrently, time advances by the sum, and while one thread calls a waker, the other may
    /// advance further.
    ///
    /// ```
    /// use dormouse::{VirtualTime, sleep};
    /// use std::time::Duration;
    ///
    /// let time = VirtualTime::new();
    /// let _guard = time.enter();
    /// let sleep = sleep(Duration::from_secs(5));
    /// time.advance_now(Duration::from_secs(4));
    /// assert!(!sleep.is_elapsed());
    /// time.advance_now(Duration::from_secs(1));
    /// assert!(sleep.is_elapsed());
    /// ```
    pub fn advance_now(&self, duration: Duration) {
        let mut left_ns = to_ns_saturating(duration);
        loop {
            let due = self.0.step(&mut lock(&self.0.clocks), &mut left_ns);
            let Some(due) = due else { break };
            self.0.fire(due);
        }
    }

    /// Suspends the machine for `duration`, or until an [`Alarm`](crate::time::Alarm) wakes it. Returns how long it was
    /// suspended.
    ///
    /// Boot time and the wall clock advance; the monotonic clock stands still. Then the timers that have become due fire,
    /// and [`Resumes`](crate::time::Resumes) reports the resume.
    ///
    /// ```
    /// use dormouse::VirtualTime;
    /// use dormouse::clock::Monotonic;
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    ///
    /// let time = VirtualTime::new();
    /// let _guard = time.enter();
    /// let (boottime, monotonic) = (Instant::now(), Monotonic::now());
    /// assert_eq!(time.suspend(Duration::from_secs(60)), Duration::from_secs(60));
    /// assert_eq!(boottime.elapsed(), Duration::from_secs(60));
    /// assert_eq!(monotonic.elapsed(), Duration::ZERO);
    /// ```
    pub fn suspend(&self, duration: Duration) -> Duration {
        let duration = to_ns_saturating(duration);
        let suspended = self.0.jump_clock(|clocks| {
            let suspended = clocks.until_alarm().map_or(duration, |alarm| alarm.min(duration));
            clocks.advance_one(ClockId::Boottime, suspended);
            clocks.advance_one(ClockId::Realtime, suspended);
            suspended
        });
        Duration::from_nanos(suspended)
    }

    /// Sets the wall clock, forward or back. The other clocks stand still. `to` is an instant of [`Realtime`], or a
    /// `SystemTime`.
    ///
    /// Sleeps on [`Realtime`] follow: one whose deadline has passed by the new time completes at once.
    /// [`WallClockChanges`](crate::time::WallClockChanges) reports the change.
    ///
    /// ```
    /// use dormouse::VirtualTime;
    /// use dormouse::clock::Realtime;
    /// use std::time::{Duration, UNIX_EPOCH};
    ///
    /// let time = VirtualTime::new();
    /// let new_year = UNIX_EPOCH + Duration::from_secs(1_767_225_600); // 2026
    /// time.set_wall_clock(new_year - Duration::from_secs(1));
    /// time.block_on(async { Realtime::sleep_until(new_year).await });
    /// let _guard = time.enter();
    /// assert_eq!(Realtime::now(), new_year.into());
    /// ```
    pub fn set_wall_clock(&self, to: impl Into<Instant<Realtime>>) {
        let to = to.into().ns();
        self.0.jump_clock(|clocks| clocks.set_one(ClockId::Realtime, to));
    }
}

impl Default for VirtualTime {
    /// As [`new`](Self::new).
    fn default() -> VirtualTime {
        VirtualTime::new()
    }
}

impl fmt::Debug for VirtualTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualTime").field("now", &self.now()).finish_non_exhaustive()
    }
}
