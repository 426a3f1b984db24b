//! A timer queue: all timers of one clock on one reactor, behind one wake source.
//!
//! The wake source is registered with the reactor as a user's fd would be. When it expires, the reactor calls the
//! queue's waker. Inside that call, [`on_wake`](TimerQueue::on_wake) turns the wheels (`process`) and wakes the
//! tasks. A queue has no thread and spawns no task.
//!
//! Timers are in [`shards`], each a wheel behind a lock. What the shards share, above all the wake source, is the
//! [`schedule`], behind another lock, which is taken only when the wake source expires or has to expire earlier.
//! No thread holds the lock of a shard and that of the schedule at the same time.
//!
//! Queues are never freed, so a sleep refers to one without a reference count. The builtin reactor and async-io have
//! one for each clock. Those of tokio runtimes are pooled: a new runtime reuses the queue of one that has shut down,
//! and the epoch, a counter, tells the two apart.
//!
//! # Invariants
//! `armed` is the time by which the wake source expires, or `u64::MAX` if no timer needs it. It is written under the
//! lock of the schedule. While that lock is free and no call of `insert`, `reset`, `process` or `shut_down` is in
//! progress:
//! - The wake source expires at `armed` at the latest. `armed` is no later than the earliest deadline in any shard, or
//!   than `not_before`, whichever is later. (`not_before` spaces the wake-ups of a busy queue: see [`spacing`].) So a later
//!   deadline and a removal need no system call; an earlier deadline needs one.
//! - The waker is registered with the wake source. So the expiry calls `on_wake`, which restores both.
//! - Without a wake source, `armed` is `u64::MAX`. So a queue that starts again, or in a new epoch, begins unarmed.
//!
//! **A timer that is inserted while the queue is processed is not missed.**
//! - `insert` and `reset`: (1) put the timer into its shard; (2) compare its deadline with `armed`; (3) if it is
//!   earlier, lower `armed` under the lock of the schedule, and set the wake source unless `process` is in progress.
//! - `process`: (1) set `armed` to `u64::MAX` under the lock of the schedule; (2) scan the shards; (3) under the lock
//!   of the schedule, lower `armed` to the next deadline (or to `not_before`, if that is later), and set the wake
//!   source to `armed`.
//!
//! If `insert` (1) comes before `process` (2), `process` finds the timer: it fires, or is considered for the next
//! deadline. If it comes after, `insert` (2) does not read a value from before `process` (1). It reads `u64::MAX`, and
//! lowers it; or it reads a value stored since, by which the wake source will expire. The lock of the shard makes this
//! true: it orders `insert` (1) and `process` (2), so that the accesses to `armed` can be relaxed.
//!
//! **An expiry during `process` is not missed.** `on_wake`: (1) register the waker again. `process`: (2) read the
//! clock; (3) scan the shards; (4) set the wake source. A timer that (3) finds fires in this call if it was due at (2).
//! A later timer is not missed, because (4) comes after (1): its expiry calls `on_wake` again. A call of `on_wake`
//! while `process` is in progress does (1) only, and (4) comes after that too.
//!
//! **A runtime does not get the timers of the previous one.**
//! - `insert`, under the lock of the shard: (1) compare the epoch of the shard with the caller's; (2) add the timer.
//! - `shut_down`: (1) increment the epoch under the lock of the schedule; (2) under the lock of each shard, store the
//!   new epoch and remove all timers, which are then woken. The queue returns to the pool after that.
//!
//! Either `shut_down` (2) finds the timer, or `insert` (1) fails. The lock of the shard orders the two.
//!
//! **The wall clock can be set.** An absolute timerfd follows it, and deadlines stay valid. When the wake source
//! reports that the clock was set, `process` empties the wheels, which only turn forward, and wakes all tasks: they
//! read the clock and insert their timers again. `processed_until` and `not_before` derive from an earlier reading,
//! so they are not used with that clock.
//!
//! **The other clocks can be moved**, when the process enters a time namespace or is restored from a checkpoint. Nothing
//! reports that, and a timerfd still expires at the time for which it was set before. So:
//! - If the clock is moved back, timerfds expire early, and `process` sets them again. `not_before` is limited to
//!   `MAX_SPACING_NS` from the present. `process` empties a wheel that is ahead of the clock, as after a step of the wall
//!   clock.
//! - If it is moved forward, timerfds expire late. A shard notes the time at each call of `insert`, `refresh`, `reset` and
//!   `process`. If more than a second has passed since the last one, the call sets the timerfd again, to the same time.
//!   So a timer is late by no more than the clock was moved, and by no more than a second if it is inserted or polled
//!   after the move.
//!
//! **A timer does not expire by a reading from before its insertion**, since when the clock may have been moved back.
//! - `insert` and `reset`: (1) put the timer into its shard; (2) if its deadline is not later than `processed_until`, set
//!   that to 0.
//! - `process`: (1) set `processed_until` to `PROCESSING`, the latest time; (2) read the clock; (3) scan the shards;
//!   (4) replace `PROCESSING` by the reading, if that is still the value.
//!
//! If `insert` (2) comes before `process` (1), the clock is read after the insertion, and (3) finds the timer. If it comes
//! between (1) and (4), the reading is not stored. If it comes after (4), a reading that has reached the deadline is
//! removed. So `has_processed` is true only if the clock has reached the deadline since. The lock of the shard orders
//! `insert` (2) and `process` (1), unless the clock is moved in between; then the kernel has stopped all threads, so each
//! sees what the others have stored.
//!
//! A waker is code of the program: it is cloned, called and dropped without a lock held, and it may create, poll, reset and
//! drop timers.

#[cfg_attr(target_family = "wasm", path = "queue/inherited/absent.rs")]
mod inherited;
#[cfg(all(loom, test))]
mod loom_reset;
mod process;
mod schedule;
mod shards;
#[cfg_attr(target_family = "wasm", path = "queue/source/web.rs")]
mod source;
mod spacing;
#[cfg(feature = "stats")]
mod stats;
#[cfg(all(test, not(loom)))]
mod tests;

pub(crate) use shards::TimerId;

use crate::catch_panic::wake;
use crate::clock::ClockId;
use crate::fork::Process;
use crate::reactor::note_waiter;
use crate::stats::QueueCounters;
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, OnceLock, loom_const_fn};
use process::QueueWaker;
use schedule::Schedule;
use shards::Shards;
use std::sync::Arc;
use std::sync::atomic::AtomicI32;
use std::task::Waker;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct TimerQueue {
    clock: ClockId,
    kind: ReactorKind,
    /// The process that uses the queue. Its children inherit the queue, but do not use it.
    owner: OnceLock<Process>,
    /// In a child: the inherited timers have been removed, or a thread is about to remove them.
    is_drained: AtomicBool,
    /// What the wake source calls.
    waker: OnceLock<Waker>,
    /// The time by which the wake source expires. Written under the lock of the schedule.
    armed: AtomicU64,
    /// What the last call of `process` has read from the clock, `PROCESSING`, or 0 if unknown. It stays 0 for the wall
    /// clock. See [`has_processed`](Self::has_processed).
    processed_until: AtomicU64,
    schedule: Mutex<Schedule>,
    /// The number of the timerfd, or -1. Written under the lock of the schedule; a child of `fork` reads it without.
    timerfd: AtomicI32,
    counters: QueueCounters,
    shards: Shards,
}

/// The kind of reactor with which a queue registers its wake source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReactorKind {
    Builtin,
    AsyncIo,
    Tokio,
}

impl ReactorKind {
    /// As [`Reactor::name`](crate::reactor::Reactor::name).
    pub(crate) fn name(self) -> &'static str {
        match self {
            ReactorKind::Builtin => "builtin",
            ReactorKind::AsyncIo => "async-io",
            ReactorKind::Tokio => "tokio",
        }
    }
}

/// The value of `processed_until` while `process` is in progress.
const PROCESSING: u64 = u64::MAX;

/// Timers that were removed from the wheels and are to be woken, each with its deadline.
type Expired = Vec<(u64, Waker)>;

/// The queue's reactor has shut down or cannot start, or the queue serves another runtime or process.
#[derive(Debug)]
pub(crate) struct Unavailable;

impl TimerQueue {
    loom_const_fn! {
        pub(crate) const fn new(clock: ClockId, kind: ReactorKind) -> TimerQueue {
            TimerQueue {
                clock,
                kind,
                owner: OnceLock::new(),
                is_drained: AtomicBool::new(false),
                waker: OnceLock::new(),
                armed: AtomicU64::new(u64::MAX),
                processed_until: AtomicU64::new(0),
                schedule: Mutex::new(Schedule::new()),
                timerfd: AtomicI32::new(-1),
                counters: QueueCounters::new(),
                shards: Shards::new(),
            }
        }
    }

    /// See [`ClockId::coarse_ns`].
    pub(crate) fn coarse_now(&self) -> u64 {
        self.clock.coarse_ns()
    }

    pub(crate) fn kind(&self) -> ReactorKind {
        self.kind
    }

    /// Whether successive tokio runtimes reuse the queue.
    fn is_pooled(&self) -> bool {
        self.kind == ReactorKind::Tokio
    }

    /// Whether the clock has reached `deadline` since a timer with that very deadline was inserted, and `process` has
    /// removed the timer. If false, it may have reached it nevertheless.
    #[inline]
    pub(crate) fn has_processed(&self, deadline: u64) -> bool {
        let until = self.processed_until.load(Ordering::Acquire);
        deadline <= until && until != PROCESSING
    }

    /// Makes [`has_processed`](Self::has_processed) return false for a timer that was just inserted, until the clock is
    /// read again.
    #[inline]
    fn await_reading(&self, deadline: u64) {
        if deadline <= self.processed_until.load(Ordering::Relaxed) {
            self.processed_until.store(0, Ordering::Relaxed);
        }
    }

    /// Adds a timer.
    ///
    /// # Errors
    /// If the reactor is not available, or the queue is no longer in `epoch`.
    #[inline]
    pub(crate) fn insert(
        &'static self,
        epoch: u64,
        deadline: u64,
        now: u64,
        waker: &Waker,
    ) -> Result<TimerId, Unavailable> {
        self.owner.get_or_init(Process::current);
        // The others were found through `PerProcess`, which has checked that.
        if self.is_pooled() && self.is_inherited() {
            return Err(Unavailable);
        }
        self.note_waiter(waker)?;
        let waker = waker.clone();
        let index = shards::current();
        let mut shard = self.shards.lock(index);
        if shard.epoch != epoch {
            drop(shard);
            drop(waker);
            return Err(Unavailable);
        }
        let leapt = shard.note_time(now);
        let key = shard.insert(deadline, now, waker);
        drop(shard);
        let id = TimerId::new(index, key);
        self.await_reading(deadline);
        self.arm_by(deadline, leapt).inspect_err(|_| self.remove(id))?;
        Ok(id)
    }

    /// Replaces the waker of a timer. Returns false if the timer is no longer pending, the queue is no longer in `epoch`,
    /// or it cannot serve the timer.
    pub(crate) fn refresh(&'static self, epoch: u64, id: TimerId, now: u64, waker: &Waker) -> bool {
        if self.is_inherited() || self.note_waiter(waker).is_err() {
            return false;
        }
        let mut shard = self.shards.lock(id.shard());
        if shard.epoch != epoch {
            return false;
        }
        let leapt = shard.note_time(now);
        let is_same = shard.waker_mut(id.key()).map(|stored| stored.will_wake(waker));
        drop(shard);
        if leapt && self.arm_again().is_err() {
            return false;
        }
        match is_same {
            None => return false,
            Some(true) => return true,
            Some(false) => {}
        }
        let mut new = waker.clone();
        let mut shard = self.shards.lock(id.shard());
        let stored = shard.waker_mut(id.key());
        let found = stored.map(|stored| std::mem::swap(stored, &mut new)).is_some();
        drop(shard);
        // The old waker, if the timer was found.
        drop(new);
        found
    }

    /// Changes the deadline of a timer, and returns whether the timer is still pending. If not, its task has been
    /// woken, or is about to be.
    pub(crate) fn reset(&'static self, id: TimerId, deadline: u64, now: u64) -> bool {
        if self.is_inherited() {
            return false;
        }
        let mut shard = self.shards.lock(id.shard());
        let leapt = shard.note_time(now);
        let found = shard.reset(id.key(), deadline);
        drop(shard);
        self.await_reading(deadline);
        if found && self.arm_by(deadline, leapt).is_err() {
            // Either `shut_down` has woken all tasks, or the queue could not start: a timer at `u64::MAX` had needed no
            // wake source. Then the task is woken here. It inserts the timer into another queue.
            self.take_waker(id).into_iter().for_each(wake);
            return false;
        }
        found
    }

    /// Removes a timer. This makes no system call; the wake source may expire without a timer that is due.
    #[inline]
    pub(crate) fn remove(&self, id: TimerId) {
        if !self.is_inherited() {
            drop(self.take_waker(id));
            self.note_removal();
        }
    }

    /// Like [`remove`](Self::remove), for a timer whose sleep has completed. Inlined as well, it would slow down the removal
    /// of a timer by 7 ns.
    #[cold]
    pub(crate) fn complete(&self, id: TimerId) {
        if !self.is_inherited() {
            let waker = self.shards.lock(id.shard()).complete(id.key());
            drop(waker);
            self.note_removal();
        }
    }

    /// Removes a timer. The lock is released when this returns, so the caller may drop or call the waker.
    #[inline]
    fn take_waker(&self, id: TimerId) -> Option<Waker> {
        self.shards.lock(id.shard()).remove(id.key())
    }

    /// Notifies the builtin reactor that a task is about to wait for it.
    ///
    /// # Errors
    /// If no thread of that reactor can call the waker.
    #[inline]
    fn note_waiter(&self, waker: &Waker) -> Result<(), Unavailable> {
        match self.kind {
            ReactorKind::Builtin => note_waiter(waker).map_err(|_| Unavailable),
            ReactorKind::AsyncIo | ReactorKind::Tokio => Ok(()),
        }
    }

    /// What the wake source calls.
    fn waker(&'static self) -> &'static Waker {
        self.waker.get_or_init(|| Waker::from(Arc::new(QueueWaker(self))))
    }
}
