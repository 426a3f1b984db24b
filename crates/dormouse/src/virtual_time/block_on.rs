//! `VirtualTime::block_on`: runs a future, and advances to the next deadline when nothing else can run.
//!
//! # Invariants
//! - `block_on` advances time only while the future waits for something that has not happened. The events that the
//!   kernel has by then are delivered first: the fds that are wrapped inside are registered with the builtin reactor,
//!   and `reactor::flush_events` returns when it has delivered them.
//! - `block_on` fires one timer at a time. The scoped futures that a timer has woken run before `block_on` fires the
//!   next, even if another thread fired the first. So of two timers with the same deadline, the first can cancel the
//!   second.
//! - Before each jump, nothing happens for the grace, in real time: no event, no wake-up, and no change of a timer.
//! - The thread parks without a timeout only while there is no deadline, and is unparked when there is one.
//!   The thread: (1) under the lock on the clocks, finds no deadline and is added to the parked threads;
//!   (2) reads `woken`; (3) parks.
//!   A sleep: (1) under the same lock, adds its timer and takes the parked threads; (2) unparks them.
//!   The lock orders the two first steps: either the thread sees the deadline, or the sleep takes the thread and unparks
//!   it. If the thread parks only after that, the park returns at once. The same holds for a wake-up, which stores
//!   `woken` before it unparks.

use super::VirtualTime;
use super::quiesce::{Blocked, BusySince};
use super::tasks::BlockOnTasks;
use crate::context::InBlockOn;
use crate::coop;
use crate::reactor;
use crate::sync::lock;
use crate::virtual_clock::{Busy, Recheck, Shared};
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

/// How often to check, in real time, whether futures on other threads are still busy.
const CHECK_EVERY: Duration = Duration::from_micros(50);

impl VirtualTime {
    /// Runs a future to completion on the calling thread, in this time, and advances to the next deadline whenever
    /// nothing else can run.
    ///
    /// Time stands still while the future, or a [scoped](Self::scope) one on another thread, has something to do. Others
    /// are waited for up to a second of real time, as in [`advance`](Self::advance). When none has anything to do, the
    /// timer with the least time left fires, and so on. Without a timer, the thread waits in real time. It also waits in
    /// real time in `block_on(sleep(duration))`, where the sleep is created outside: write
    /// `block_on(async { sleep(duration).await })`.
    ///
    /// Readiness takes precedence over any deadline: sockets, pipes and other fds that are wrapped inside are registered
    /// with the builtin reactor, and the events that the kernel has for them are delivered each time before time advances.
    /// A peer in another thread or process, which may need some real time, is not waited for, unless the virtual time was
    /// built with a [grace](super::Builder::grace).
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
        block_on(self, future.into_future())
    }
}

fn block_on<F: Future>(time: &VirtualTime, future: F) -> F::Output {
    let _context = InBlockOn::enter();
    // Declared before the future: a future may spawn tasks when it is dropped.
    let tasks = BlockOnTasks::enter();
    let mut future = pin!(coop::without_tokio_budget(tasks.run(time.scope(future))));
    let notify = Arc::new(ThreadNotify {
        thread: std::thread::current(),
        woken: AtomicBool::new(false),
        retries: AtomicBool::new(false),
    });
    let waker = Waker::from(notify.clone());
    let cx = &mut Context::from_waker(&waker);
    let mut idle = Idle::default();
    loop {
        if let Poll::Ready(output) = coop::with_new_budget(|| future.as_mut().poll(cx)) {
            return output;
        }
        notify.wait(&time.0, &mut idle);
    }
}

/// The waker of the future: unparks the thread that runs it.
struct ThreadNotify {
    thread: Thread,
    woken: AtomicBool,
    /// Woken only to retry an operation.
    retries: AtomicBool,
}

/// The future has nothing to do, except to retry operations.
#[derive(Default)]
struct Idle {
    busy_since: BusySince,
    grace: Grace,
}

impl ThreadNotify {
    /// Advances time until the future has been woken. If it has been woken to retry an operation, tries to advance
    /// once, without parking, and returns.
    fn wait(&self, time: &Arc<Shared>, idle: &mut Idle) {
        let _blocked = Blocked::begin(time);
        while !self.woken.swap(false, Ordering::AcqRel) {
            let retries = self.retries.swap(false, Ordering::AcqRel);
            if !retries && self.park_without_deadline(time) {
                idle.grace.restart();
                continue;
            }
            if let Some(left) = self.try_advance(time, idle) {
                if !retries {
                    std::thread::park_timeout(left);
                }
            }
            if retries {
                return;
            }
        }
        *idle = Idle::default();
    }

    /// Advances to the next deadline. If it is too early for that, returns how long to wait until the next call.
    fn try_advance(&self, time: &Arc<Shared>, idle: &mut Idle) -> Option<Duration> {
        let mut clocks = lock(&time.clocks);
        if idle.busy_since.others_busy(&mut clocks.busy, &[]) {
            idle.grace.restart();
            return Some(CHECK_EVERY);
        }
        if let Some(left) = idle.grace.left(time.grace, &clocks.busy) {
            return Some(left);
        }
        drop(clocks);
        reactor::flush_events();
        // Checked again: an event may have woken a future, and another thread may have advanced time or dropped the
        // sleep that has the deadline.
        let mut clocks = lock(&time.clocks);
        let quiescent = !self.woken.load(Ordering::Acquire)
            && !idle.busy_since.others_busy(&mut clocks.busy, &[])
            && idle.grace.left(time.grace, &clocks.busy).is_none();
        let due = if quiescent { time.step_to_deadline(&mut clocks) } else { None };
        drop(clocks);
        due.into_iter().for_each(|due| time.fire(due));
        None
    }

    /// Parks until the future is woken or a deadline is added. Returns false, without parking, if there is a deadline.
    fn park_without_deadline(&self, time: &Shared) -> bool {
        let no_deadline = lock(&time.clocks).add_parked(&self.thread);
        if no_deadline {
            if !self.woken.load(Ordering::Acquire) {
                std::thread::park();
            }
            lock(&time.clocks).remove_parked(&self.thread);
        }
        no_deadline
    }
}

/// How long nothing has happened, in real time.
#[derive(Default)]
struct Grace {
    /// Since when, and `Busy::activity` at that time.
    quiet: Option<(Instant, u64)>,
}

impl Grace {
    fn restart(&mut self) {
        self.quiet = None;
    }

    /// How long the wait lasts if nothing happens; `None` if it is over. A timer that was created, moved, dropped or fired
    /// restarts it.
    fn left(&mut self, grace: Duration, busy: &Busy) -> Option<Duration> {
        if grace.is_zero() {
            return None;
        }
        let activity = busy.activity();
        let quiet = self.quiet.filter(|(_, seen)| *seen == activity);
        let (since, _) = *self.quiet.insert(quiet.unwrap_or_else(|| (Instant::now(), activity)));
        grace.checked_sub(since.elapsed()).filter(|left| !left.is_zero())
    }
}

impl Wake for ThreadNotify {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // `Recheck::Others` counts as a wake-up: then the future advances time itself, and `wait` must not.
        let retries = Recheck::current() == Some(Recheck::Retry);
        let flag = if retries { &self.retries } else { &self.woken };
        flag.store(true, Ordering::Release);
        self.thread.unpark();
    }
}
