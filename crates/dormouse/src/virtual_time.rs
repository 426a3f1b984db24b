//! Virtual time: clocks that stand still until a test moves them.
//!
//! What takes a year takes milliseconds, ends at the same nanosecond each time, and can have the machine suspended or
//! its wall clock set on the way. Code under test is not changed for it: [`Instant::now`](crate::time::Instant::now),
//! [`Realtime::now`](crate::clock::Realtime::now), sleeps, timeouts, intervals, alarms,
//! [`changes`](crate::clock::changes) and [`resumes`](crate::clock::resumes) follow the virtual time
//! that they are used in, on every clock.
//!
//! There are two ways to use it. Without an executor, [`VirtualTime::block_on`] runs a future, and jumps to the next
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
//! On an executor, [`VirtualTime::scope`] takes a future into virtual time, on whatever thread it is polled, and
//! [`VirtualTime::advance`] moves the time:
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
//! # Order
//! Timers fire in the order of their deadlines, and of equal deadlines in the order in which the sleeps were created,
//! on whatever clock they are: each when its own clock shows its deadline, and no clock has gone further. To fire is to call
//! a waker. When the task that it belongs to is polled is up to its executor; [`advance`](VirtualTime::advance) and
//! [`block_on`](VirtualTime::block_on) say what they wait for before time goes on.
//!
//! # What it does not know
//! Threads, other processes and the network go by real time. So does `std::time`, and whatever was created
//! outside: a sleep keeps the time that it was created in, real or virtual, wherever it is polled.

mod block_on;
mod current;
mod scope;
mod settle;
mod state;
mod timer;

pub(crate) use block_on::in_block_on;
pub use current::Entered;
pub(crate) use current::now_ns;
pub use scope::Scope;
pub(crate) use timer::Timer;

use crate::catch_panic::catch_panic;
use crate::clock::{ClockId, Realtime};
use crate::sync::lock;
use crate::time::{Instant, to_ns};
use state::{Sleeper, State};
use std::fmt;
use std::future::Future;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

/// A time that stands still until it is moved: see the [module](self).
///
/// It is a handle: clones are the same time. It begins at the present of the real clocks, so an instant that was taken
/// before means what it says. There may be any number of them; each goes by itself.
///
/// ```
/// use dormouse::VirtualTime;
/// use dormouse::time::Instant;
/// use std::time::Duration;
///
/// let time = VirtualTime::new();
/// let _entered = time.enter();
/// let start = Instant::now();
/// time.advance_now(Duration::from_secs(3600));
/// assert_eq!(start.elapsed(), Duration::from_secs(3600));
/// ```
#[derive(Clone)]
pub struct VirtualTime(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    state: Mutex<State>,
    /// How many sleeps were created.
    sleeps: AtomicU64,
    /// Changes whenever a timer is created, registered, completed or dropped.
    activity: AtomicU64,
    /// Scoped futures that are being polled or have been told to be; and timers that are being fired.
    busy: AtomicUsize,
    /// How many of these wait for the others themselves.
    excused: AtomicUsize,
    /// How many of the others were waited for in vain.
    passed_over: AtomicUsize,
}

impl Shared {
    fn now_ns(&self, clock: ClockId) -> u64 {
        lock(&self.state).now_ns(clock)
    }

    fn count_sleep(&self) -> u64 {
        self.note_activity();
        self.sleeps.fetch_add(1, Ordering::Relaxed)
    }

    fn note_activity(&self) {
        self.activity.fetch_add(1, Ordering::SeqCst);
    }

    fn add_busy(&self) {
        self.busy.fetch_add(1, Ordering::SeqCst);
    }

    fn remove_busy(&self) {
        let busy = self.busy.fetch_sub(1, Ordering::SeqCst) - 1;
        // This may be one that was passed over; whoever comes next is not.
        let others = busy.saturating_sub(self.excused.load(Ordering::SeqCst));
        self.passed_over.fetch_min(others, Ordering::SeqCst);
    }

    /// To the next deadline, but by no more than what is left.
    fn step(&self, state: &mut State, left_ns: &mut u64) -> Option<Sleeper> {
        let (moved, due) = state.step(*left_ns);
        *left_ns -= moved;
        self.note_due(due)
    }

    /// To the next deadline, if there is one.
    fn jump(&self, state: &mut State) -> Option<Sleeper> {
        self.note_due(state.jump())
    }

    /// Who is due is busy from the moment at which the clock shows it, under the lock, until his waker has been
    /// called, which may count him in itself: so that no other thread moves the time in between.
    fn note_due(&self, due: Option<Sleeper>) -> Option<Sleeper> {
        if due.is_some() {
            self.add_busy();
        }
        due
    }

    fn fire(&self, due: Sleeper) {
        wake(due);
        self.remove_busy();
    }

    /// Moves clocks at once. Calls who is due then, and after that everybody else who sleeps by the wall clock, as the
    /// kernel does when that has been set and when the machine was suspended.
    fn leap<R>(&self, moved: impl FnOnce(&mut State) -> R) -> R {
        let mut state = lock(&self.state);
        let moved = moved(&mut state);
        // As for one who is due.
        self.add_busy();
        drop(state);
        loop {
            let due = lock(&self.state).take_due();
            let Some(due) = due else { break };
            wake(due);
        }
        let told = lock(&self.state).sleepers(ClockId::Realtime);
        told.into_iter().for_each(wake);
        self.remove_busy();
        moved
    }
}

/// Calls a waker.
fn wake(sleeper: Sleeper) {
    catch_panic(move || {
        sleeper.wake_by_ref();
        drop(sleeper);
    });
}

impl VirtualTime {
    /// A time of its own.
    ///
    /// To have the same dates in each run, [set the wall clock](Self::set_wall_clock) first.
    ///
    /// ```
    /// let time = dormouse::VirtualTime::new();
    /// assert_eq!(time.now(), time.now());
    /// ```
    pub fn new() -> VirtualTime {
        VirtualTime(Arc::new(Shared {
            state: Mutex::new(State::new()),
            sleeps: AtomicU64::new(0),
            activity: AtomicU64::new(0),
            busy: AtomicUsize::new(0),
            excused: AtomicUsize::new(0),
            passed_over: AtomicUsize::new(0),
        }))
    }

    /// The present, by the boot-time clock. Inside, each clock tells its own.
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

    /// Puts the calling thread into this time, until the guard is dropped.
    ///
    /// Inside another time it is the inner one that counts. In an async function that may be moved to another thread
    /// use [`scope`](Self::scope).
    ///
    /// ```
    /// use dormouse::{VirtualTime, sleep};
    /// use std::time::Duration;
    ///
    /// #[tokio::main(flavor = "current_thread")] // or `#[tokio::test]`, which is the same
    /// async fn main() {
    ///     let time = VirtualTime::new();
    ///     let _entered = time.enter();
    ///     let task = tokio::spawn(sleep(Duration::from_secs(3600)));
    ///     time.advance(Duration::from_secs(3600)).await;
    ///     task.await.unwrap();
    /// }
    /// ```
    pub fn enter(&self) -> Entered {
        Entered::new(self, false)
    }

    /// Has every poll of `future` take place in this time, on whatever thread, and its drop too.
    ///
    /// What it spawns is not inside, unless that is scoped as well; and what is created before the call is not,
    /// as the sleep in `scope(sleep(duration))`. In `scope(async { sleep(duration).await })` it is.
    ///
    /// ```
    /// use dormouse::{VirtualTime, time::Instant};
    /// let time = VirtualTime::new();
    /// let now = futures::executor::block_on(time.scope(async { Instant::now() }));
    /// assert_eq!(now, time.now());
    /// ```
    ///
    /// # Cancel safety
    /// Dropping it drops the future.
    pub fn scope<F: IntoFuture>(&self, future: F) -> Scope<F::IntoFuture> {
        Scope::new(self, future.into_future())
    }

    /// Lets time go on by `duration`, deadline by deadline, and has those that are woken run before it goes further.
    ///
    /// It waits, before it starts and after each timer, until every [scoped](Self::scope) future that has been
    /// created or woken has been polled and has nothing to do, on whatever thread that happens: so what a scoped task does at
    /// a deadline it does at that time, on executors with several threads too. That is what it goes by; what tasks
    /// without a scope do cannot be seen. For these it yields to its executor, a few times, and more as long
    /// as timers are created or fired. That does on an executor with one thread, as `#[tokio::test]` is by default.
    ///
    /// A scoped future that is never polled, or never stops to wake itself, is waited for in vain: for a second
    /// of real time, and then time goes on.
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
    /// Dropped, it leaves time where it has got to.
    pub fn advance(&self, duration: Duration) -> impl Future<Output = ()> + Send + use<> {
        let shared = self.0.clone();
        async move {
            let mut left = to_ns(duration).unwrap_or(u64::MAX);
            while let Some(due) =
                settle::settle(&shared, |state| shared.step(state, &mut left)).await
            {
                shared.fire(due);
            }
        }
    }

    /// Lets time go on by `duration`, deadline by deadline, and waits for nobody.
    ///
    /// Wakers are called in order, each when the clock shows its deadline; when the call returns, all have been
    /// called. The tasks run later, as their executors like, and see the time as it is by then. Timers that wakers create
    /// fire too. Two threads that do it at once add up.
    ///
    /// ```
    /// use dormouse::{VirtualTime, sleep};
    /// use std::time::Duration;
    ///
    /// let time = VirtualTime::new();
    /// let entered = time.enter();
    /// let sleep = sleep(Duration::from_secs(5));
    /// time.advance_now(Duration::from_secs(4));
    /// assert!(!sleep.is_elapsed());
    /// time.advance_now(Duration::from_secs(1));
    /// assert!(sleep.is_elapsed());
    /// ```
    pub fn advance_now(&self, duration: Duration) {
        let mut left = to_ns(duration).unwrap_or(u64::MAX);
        loop {
            let due = self.0.step(&mut lock(&self.0.state), &mut left);
            let Some(due) = due else { break };
            self.0.fire(due);
        }
    }

    /// Runs a future to its end on the calling thread, in this time, which jumps to the next deadline whenever nothing
    /// else can run.
    ///
    /// As long as the future itself, or a [scoped](Self::scope) one on another thread, has something to do, time stands
    /// still. Then one timer fires, the one with the least time left; and so on. With no timer, it waits really.
    /// So does `block_on(sleep(duration))`, whose sleep is created outside: write
    /// `block_on(async { sleep(duration).await })`.
    ///
    /// What is ready wins against any deadline: sockets, pipes and other fds that are wrapped inside are watched by the
    /// builtin reactor, and what the kernel has to report of them is delivered before each jump. For a peer in another
    /// thread or process, which may need a moment of real time, nobody waits.
    ///
    /// ```
    /// use dormouse::{VirtualTime, sleep, timeout};
    /// use std::time::Duration;
    ///
    /// let time = VirtualTime::new();
    /// let start = time.now();
    /// time.block_on(async {
    ///     let day = Duration::from_secs(24 * 3600);
    ///     assert!(timeout(day, sleep(day * 2)).await.is_err());
    /// });
    /// assert_eq!(time.now() - start, Duration::from_secs(24 * 3600));
    /// ```
    pub fn block_on<F: IntoFuture>(&self, future: F) -> F::Output {
        block_on::block_on(self, future.into_future())
    }

    /// Suspends the machine for `duration`, or until an [`Alarm`](crate::time::Alarm) wakes it, and says for how long
    /// it was.
    ///
    /// Boot time and the wall clock go on; the monotonic clock stands still. Timers that have become due meanwhile
    /// fire afterwards, and so do [`resumes`](crate::clock::resumes).
    ///
    /// ```
    /// use dormouse::VirtualTime;
    /// use dormouse::clock::{Clock, Monotonic};
    /// use dormouse::time::Instant;
    /// use std::time::Duration;
    ///
    /// let time = VirtualTime::new();
    /// let _entered = time.enter();
    /// let (boottime, monotonic) = (Instant::now(), Monotonic::now());
    /// assert_eq!(time.suspend(Duration::from_secs(60)), Duration::from_secs(60));
    /// assert_eq!(boottime.elapsed(), Duration::from_secs(60));
    /// assert_eq!(monotonic.elapsed(), Duration::ZERO);
    /// ```
    pub fn suspend(&self, duration: Duration) -> Duration {
        let duration = to_ns(duration).unwrap_or(u64::MAX);
        let lasted = self.0.leap(|state| {
            let lasted = state.until_alarm().map_or(duration, |alarm| alarm.min(duration));
            state.go_on(ClockId::Boottime, lasted);
            state.go_on(ClockId::Realtime, lasted);
            lasted
        });
        Duration::from_nanos(lasted)
    }

    /// Sets the wall clock, forward or back. The others stand still.
    ///
    /// Who sleeps by [`Realtime`] follows: it is over at once if its time has passed now.
    /// [`changes`](crate::clock::changes) are told.
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
    /// let _entered = time.enter();
    /// assert_eq!(Realtime::now(), new_year);
    /// ```
    pub fn set_wall_clock(&self, to: SystemTime) {
        let to = Instant::<Realtime>::from(to).ns();
        self.0.leap(|state| state.set(ClockId::Realtime, to));
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
