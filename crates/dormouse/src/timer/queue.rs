//! A queue: all timers of one clock on one reactor, behind one alarm.
//!
//! It sits on its reactor as a user's fd would. When the alarm goes off, the reactor calls the
//! queue's waker, and [`Queue::fire`] turns the wheels right there and wakes the sleepers. No task,
//! no thread. It knows no executor.
//!
//! Timers are in a few [`shards`], a wheel and a lock each. What the shards share, above all the alarm, is
//! the [`Schedule`], behind another lock, which is taken once for each time the alarm goes off or has to
//! do so earlier.
//!
//! Queues live as long as the program: a sleep refers to one without counting references. There is one
//! a clock for the builtin reactor and one for async-io; those of tokio runtimes are handed on from
//! a runtime that has ended to the next, and told apart by a term of office.
//!
//! # Invariants
//! Whenever nobody holds the lock of the schedule, no call of [`turn`](Queue::turn) is under way, and no
//! [`insert`](Queue::insert) or [`reset`](Queue::reset) either:
//! - the alarm is set to `armed`, and `armed` is no later than the earliest deadline in any wheel (or, just
//!   after many timers have fired at once, than `not_before`). So a later deadline and a cancellation need
//!   no system call, and an earlier one needs one.
//! - the waker is left with the alarm. So the alarm at `armed` calls `fire`, which re-establishes both.
//! - without an alarm, `armed` is `u64::MAX`. So the next term of office, or the next start, begins with none set.
//!
//! A turn listens first, reads the clock second, looks through the shards third, and sets the alarm last.
//! What fell due before the clock was read is woken by this turn; what is due later has an alarm that was
//! set after listening, and so calls again.
//!
//! Whoever adds a timer puts it into a shard first and compares it with `armed` second. A turn withdraws
//! `armed` (to `u64::MAX`) first and looks through the shard second. So, by the order in which the two have the
//! shard's lock, either the turn finds the timer, or its owner finds `armed` withdrawn or set anew since, and
//! sets the alarm himself. While the turn is under way he only notes the time, for the turn to set.
//!
//! The wall clock can be set. An absolute timerfd follows it, and deadlines stay what they are; but when the
//! alarm tells of it, everybody is woken to look at the clock, and so the wheels, which go forward only, begin
//! anew. Nothing that is derived from a former reading, `passed` or `not_before`, is used with that clock.
//!
//! A waker is a stranger's code: it is cloned, called and dropped with no lock held, and it may
//! create, poll, reset and drop timers.

mod shards;
#[cfg(all(test, not(loom)))]
mod tests;

pub(crate) use shards::TimerId;

use super::wake_source::WakeSource;
use crate::catch_panic::wake;
use crate::clock::ClockId;
use crate::fork::Process;
use crate::reactor::{Reactor, note_external_waiter};
use crate::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use crate::sync::{Mutex, MutexGuard, OnceLock, array, lock, loom_const_fn};
use crate::wheel::Wheel;
use shards::Shard;
#[cfg(feature = "tokio")]
use std::io;
use std::sync::Arc;
use std::task::{Wake, Waker};

/// How many timers go out before the lock of a shard is let go for a moment.
const BATCH: usize = 1024;
/// The buffer for due timers is kept between calls up to this size.
const SPARE_CAPACITY: usize = 4 * BATCH;

/// How far apart wake-ups are for each timer beyond the first that the last one had, and at most. So a
/// queue with little to do calls for each deadline, and one with more than some 40,000 timers a second
/// (one each 25 us) takes many at a time.
const SPACING_NS: u64 = 25_000;
const MAX_SPACING_NS: u64 = 500_000;

/// See the [module](self).
#[derive(Debug)]
pub(crate) struct TimerQueue {
    clock: ClockId,
    kind: ReactorKind,
    /// Where it is used. In a child of that process it is not.
    process: OnceLock<Process>,
    /// And nobody waits there any more.
    is_drained: AtomicBool,
    waker: OnceLock<Waker>,
    /// When the alarm goes off. Written under the lock of the schedule.
    armed: AtomicU64,
    /// Up to when everybody has been woken. Stays 0 if the clock can go back.
    processed_until: AtomicU64,
    schedule: Mutex<Schedule>,
    shards: [Shard; shards::MAX],
}

/// Whose reactor a queue sits on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReactorKind {
    Builtin,
    #[cfg(feature = "smol")]
    AsyncIo,
    #[cfg(feature = "tokio")]
    Tokio,
}

#[derive(Debug)]
struct Schedule {
    /// None before the start, and after the end of the reactor.
    alarm: Option<WakeSource>,
    /// A turn is under way: it will set the alarm.
    processing: bool,
    /// The alarm is set to no time before this.
    not_before: u64,
    /// Somebody has set the clock, which a turn has yet to deal with.
    clock_was_set: bool,
    epoch: u64,
    spare_buffer: Expired,
    #[cfg(test)]
    fires: usize,
    /// A timerfd cannot be set.
    #[cfg(test)]
    refuses: bool,
}

/// Timers whose time has come, with their deadlines.
type Expired = Vec<(u64, Waker)>;

/// The queue's reactor has ended or could not be had.
#[derive(Debug)]
pub(crate) struct Unavailable;

/// What happens when the alarm goes off.
struct AlarmWaker(&'static TimerQueue);

impl Wake for AlarmWaker {
    fn wake(self: Arc<Self>) {
        self.0.on_alarm();
    }
    fn wake_by_ref(self: &Arc<Self>) {
        self.0.on_alarm();
    }
}

impl TimerQueue {
    loom_const_fn! {
        pub(crate) const fn new(clock: ClockId, kind: ReactorKind) -> TimerQueue {
            let schedule = Schedule {
                alarm: None,
                processing: false,
                not_before: 0,
                clock_was_set: false,
                epoch: 0,
                spare_buffer: Vec::new(),
                #[cfg(test)]
                fires: 0,
                #[cfg(test)]
                refuses: false,
            };
            TimerQueue {
                clock,
                kind,
                process: OnceLock::new(),
                is_drained: AtomicBool::new(false),
                waker: OnceLock::new(),
                armed: AtomicU64::new(u64::MAX),
                processed_until: AtomicU64::new(0),
                schedule: Mutex::new(schedule),
                shards: array![Shard::new(); shards::MAX],
            }
        }
    }

    #[cfg(feature = "tokio")]
    pub(crate) fn kind(&self) -> ReactorKind {
        self.kind
    }

    /// A time that the clock has reached, and up to which everybody who was registered has been woken.
    #[inline]
    pub(crate) fn processed_until(&self) -> u64 {
        self.processed_until.load(Ordering::Acquire)
    }

    /// Puts the queue on a reactor, for a new term of office.
    #[cfg(feature = "tokio")]
    pub(crate) fn start_on(&'static self, reactor: &Reactor) -> io::Result<u64> {
        // Under the lock, so that a call of `fire` meanwhile, which may tell that the runtime has ended,
        // comes after.
        let mut schedule = lock(&self.schedule);
        debug_assert_eq!(self.armed.load(Ordering::Relaxed), u64::MAX);
        schedule.alarm = Some(WakeSource::timerfd(self.clock, reactor, self.waker())?);
        Ok(schedule.epoch)
    }

    /// Adds a timer.
    ///
    /// # Errors
    /// If the reactor cannot be had, or `term` is over.
    #[inline]
    pub(crate) fn insert(
        &'static self,
        epoch: u64,
        deadline: u64,
        now: u64,
        waker: &Waker,
    ) -> Result<TimerId, Unavailable> {
        self.process.get_or_init(Process::current);
        if self.is_inherited() {
            return Err(Unavailable);
        }
        if self.kind == ReactorKind::Builtin {
            note_external_waiter();
        }
        let waker = waker.clone();
        let shard = shards::current_shard();
        let mut state = lock(&self.shards[shard].0);
        if state.epoch != epoch {
            drop(state);
            drop(waker);
            return Err(Unavailable);
        }
        let key = state.wheel.get_or_insert_with(Wheel::new).insert(deadline, now, waker);
        drop(state);
        let id = TimerId::new(shard, key);
        self.arm_by(deadline).inspect_err(|_| self.remove(id))?;
        Ok(id)
    }

    /// Replaces the waker of a timer, and says whether the timer still waits.
    pub(crate) fn refresh(&self, id: TimerId, waker: &Waker) -> bool {
        if self.is_inherited() {
            return false;
        }
        if self.kind == ReactorKind::Builtin {
            note_external_waiter();
        }
        {
            let mut state = lock(&self.shards[id.shard()].0);
            match state.wheel.as_mut().and_then(|wheel| wheel.value_mut(id.key())) {
                None => return false,
                Some(stored) if stored.will_wake(waker) => return true,
                Some(_) => {}
            }
        }
        let mut new = waker.clone();
        let mut state = lock(&self.shards[id.shard()].0);
        let stored = state.wheel.as_mut().and_then(|wheel| wheel.value_mut(id.key()));
        let found = stored.map(|stored| std::mem::swap(stored, &mut new)).is_some();
        drop(state);
        drop(new);
        found
    }

    /// Gives a timer another deadline, and says whether it still waits.
    pub(crate) fn reset(&'static self, id: TimerId, deadline: u64) -> bool {
        if self.is_inherited() {
            // Its task polls it anew, once the child has a queue.
            return false;
        }
        let mut state = lock(&self.shards[id.shard()].0);
        let found = state.wheel.as_mut().is_some_and(|wheel| wheel.reset(id.key(), deadline));
        drop(state);
        if found && self.arm_by(deadline).is_err() {
            // It waited for ever, which needs no reactor; now it does, and is to find another.
            self.take_waker(id).into_iter().for_each(wake);
            return false;
        }
        found
    }

    /// Takes a timer out. No system call: the alarm goes off for nothing at worst.
    #[inline]
    pub(crate) fn remove(&self, id: TimerId) {
        if !self.is_inherited() {
            drop(self.take_waker(id));
        }
    }

    /// Whether this process is the child of one that used the queue. There are no timers of its own here.
    #[inline]
    pub(crate) fn is_inherited(&self) -> bool {
        let is_inherited = self.process.get().is_some_and(Process::forked);
        if is_inherited {
            self.wake_inherited_waiters();
        }
        is_inherited
    }

    /// In a child: who waits here has come with the fork, and is to look for another queue.
    #[cold]
    fn wake_inherited_waiters(&self) {
        if self.is_drained.swap(true, Ordering::Relaxed) {
            return;
        }
        for shard in &self.shards {
            // Whoever has the lock is not in this process.
            let is_drained = match shard.0.try_lock() {
                Ok(mut state) => state.wheel.as_mut().map(Wheel::clear).unwrap_or_default(),
                Err(_) => continue,
            };
            is_drained.into_iter().for_each(|(_, waker)| wake(waker));
        }
    }

    /// In a child, goes over from its parent's queues to its own.
    pub(crate) fn drain_inherited<T>(parents: &[TimerQueue], own: T) -> T {
        for queue in parents {
            queue.is_inherited();
        }
        own
    }

    /// What a timer would have woken; the lock is let go before the caller has it.
    #[inline]
    fn take_waker(&self, id: TimerId) -> Option<Waker> {
        let mut state = lock(&self.shards[id.shard()].0);
        state.wheel.as_mut().and_then(|wheel| wheel.remove(id.key()))
    }

    /// Has the alarm go off at `deadline` if it would do so later.
    #[inline]
    fn arm_by(&'static self, deadline: u64) -> Result<(), Unavailable> {
        // The lock of the shard that holds the timer orders this after what a turn has written that did
        // not find it there.
        if deadline >= self.armed.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut schedule = lock(&self.schedule);
        if schedule.alarm.is_none() {
            if self.is_pooled() {
                // The runtime has ended: who is in a shard will be woken.
                return Ok(());
            }
            self.start(&mut schedule)?;
        }
        let at = deadline.max(schedule.not_before);
        if at < self.armed.load(Ordering::Relaxed) {
            self.armed.store(at, Ordering::Relaxed);
            if !schedule.processing && self.arm(&mut schedule, at).is_err() {
                let mut expired = Expired::new();
                self.shut_down(schedule, &mut expired);
                self.wake_all(&mut expired);
                self.release();
                return Err(Unavailable);
            }
        }
        Ok(())
    }

    /// Sets the alarm. If the system refuses, a sandbox for one, the builtin thread's wait takes its place. What
    /// is on another reactor has to leave that.
    fn arm(&'static self, schedule: &mut Schedule, at: u64) -> Result<(), Unavailable> {
        let Some(alarm) = &schedule.alarm else { return Ok(()) };
        #[cfg(test)]
        let refused = schedule.refuses && matches!(alarm, WakeSource::Timerfd { .. });
        #[cfg(not(test))]
        let refused = false;
        if !refused && alarm.arm(at).is_ok() {
            return Ok(());
        }
        if self.kind != ReactorKind::Builtin {
            return Err(Unavailable);
        }
        let other = WakeSource::deadline(self.clock, self.waker()).map_err(|_| Unavailable)?;
        other.arm(at).map_err(|_| Unavailable)?;
        schedule.alarm = Some(other);
        Ok(())
    }

    /// Wakes all whose time has come.
    fn on_alarm(&'static self) {
        let mut schedule = lock(&self.schedule);
        let Some(alarm) = &schedule.alarm else { return };
        let heard = alarm.acknowledge(self.waker());
        let mut gone = heard.is_err();
        schedule.clock_was_set |= heard.unwrap_or_default();
        if schedule.processing && !gone {
            // That turn will set the alarm, to a time that has passed if need be.
            return;
        }
        let mut expired = std::mem::take(&mut schedule.spare_buffer);
        if gone {
            self.shut_down(schedule, &mut expired);
        } else {
            gone = self.process(schedule, &mut expired).is_err();
        }
        self.wake_all(&mut expired);
        if expired.capacity() <= SPARE_CAPACITY {
            lock(&self.schedule).spare_buffer = expired;
        }
        if gone {
            self.release();
        }
    }

    fn wake_all(&self, expired: &mut Expired) {
        for (_, waker) in expired.drain(..) {
            wake(waker);
        }
    }

    /// Turns the wheels and sets the alarm.
    ///
    /// # Errors
    /// If the alarm cannot be set. Then everybody is due.
    fn process(
        &'static self,
        mut schedule: MutexGuard<'_, Schedule>,
        expired: &mut Expired,
    ) -> Result<(), Unavailable> {
        #[cfg(test)]
        (schedule.fires += 1);
        let epoch = schedule.epoch;
        let clock_was_set = std::mem::take(&mut schedule.clock_was_set);
        schedule.processing = true;
        // It has gone off; and if it did so early, it will not do so again.
        self.armed.store(u64::MAX, Ordering::Relaxed);
        drop(schedule);

        ClockId::synchronize();
        let now = self.clock.now_ns();
        let next = if clock_was_set {
            self.take_all(expired);
            u64::MAX
        } else {
            self.collect_expired(now, expired)
        };
        if self.clock != ClockId::Realtime {
            self.processed_until.store(now, Ordering::Release);
        }

        let mut schedule = lock(&self.schedule);
        if schedule.epoch != epoch {
            return Ok(());
        }
        schedule.processing = false;
        if schedule.alarm.is_none() {
            return Ok(());
        }
        if self.clock != ClockId::Realtime {
            let others = expired.len().saturating_sub(1) as u64;
            schedule.not_before = now + (others * SPACING_NS).min(MAX_SPACING_NS);
        }
        if let Some(WakeSource::Deadline { .. }) = schedule.alarm {
            // What was not to be had may be now.
            if let Ok(alarm) = WakeSource::timerfd(self.clock, &Reactor::builtin(), self.waker()) {
                schedule.alarm = Some(alarm);
            }
        }
        let noted = self.armed.load(Ordering::Relaxed);
        let again = if schedule.clock_was_set { 0 } else { u64::MAX };
        let at = next.max(schedule.not_before).min(noted).min(again);
        self.armed.store(at, Ordering::Relaxed);
        if at < u64::MAX && self.arm(&mut schedule, at).is_err() {
            self.shut_down(schedule, expired);
            return Err(Unavailable);
        }
        Ok(())
    }

    /// Takes out what is due, in the order of deadlines, and returns the next one.
    fn collect_expired(&self, now: u64, expired: &mut Expired) -> u64 {
        let mut next = u64::MAX;
        let mut sources = 0;
        for shard in &self.shards {
            let before = expired.len();
            let mut state = lock(&shard.0);
            while let Some(wheel) = &mut state.wheel {
                if wheel.turn(now, BATCH, expired) {
                    next = next.min(wheel.next_deadline().unwrap_or(u64::MAX));
                    break;
                }
                drop(state);
                state = lock(&shard.0);
            }
            sources += usize::from(expired.len() > before);
        }
        if sources > 1 {
            expired.sort_by_key(|&(deadline, _)| deadline);
        }
        next
    }

    /// Takes out everybody, to look at the clock, and be back.
    fn take_all(&self, expired: &mut Expired) {
        for shard in &self.shards {
            expired.extend(lock(&shard.0).wheel.as_mut().map(Wheel::clear).unwrap_or_default());
        }
    }

    /// The reactor has ended, or serves no longer: everybody is due, to find another.
    fn shut_down(&'static self, mut schedule: MutexGuard<'_, Schedule>, expired: &mut Expired) {
        let alarm = schedule.alarm.take();
        schedule.processing = false;
        schedule.clock_was_set = false;
        self.armed.store(u64::MAX, Ordering::Relaxed);
        schedule.epoch += u64::from(self.is_pooled());
        let epoch = schedule.epoch;
        drop(schedule);
        drop(alarm);
        for shard in &self.shards {
            let mut state = lock(&shard.0);
            state.epoch = epoch;
            expired.extend(state.wheel.as_mut().map(Wheel::clear).unwrap_or_default());
        }
    }

    fn start(&'static self, schedule: &mut Schedule) -> Result<(), Unavailable> {
        ClockId::synchronize();
        let reactor = match self.kind {
            ReactorKind::Builtin => Reactor::builtin(),
            #[cfg(feature = "smol")]
            ReactorKind::AsyncIo => crate::reactor::async_io_reactor().ok_or(Unavailable)?,
            #[cfg(feature = "tokio")]
            ReactorKind::Tokio => return Err(Unavailable),
        };
        let alarm = WakeSource::timerfd(self.clock, &reactor, self.waker()).or_else(|err| {
            if self.kind == ReactorKind::Builtin {
                WakeSource::deadline(self.clock, self.waker())
            } else {
                Err(err)
            }
        });
        schedule.alarm = Some(alarm.map_err(|_| Unavailable)?);
        Ok(())
    }

    /// The tokio runtime has ended: the queue is free for the next.
    fn release(&'static self) {
        #[cfg(feature = "tokio")]
        if self.is_pooled() {
            super::runtime::release(self, self.clock);
        }
    }

    /// Whether the queue serves one tokio runtime after the other.
    fn is_pooled(&self) -> bool {
        #[cfg(feature = "tokio")]
        return self.kind == ReactorKind::Tokio;
        #[cfg(not(feature = "tokio"))]
        false
    }

    #[cfg(all(test, not(loom)))]
    fn fires(&self) -> usize {
        lock(&self.schedule).fires
    }

    /// A queue that is `'static` leaves no more behind than it must.
    #[cfg(all(loom, test))]
    pub(crate) fn reset_after_test(&self) {
        let alarm = lock(&self.schedule).alarm.take();
        drop(alarm);
        for shard in &self.shards {
            let wheel = lock(&shard.0).wheel.take();
            drop(wheel);
        }
    }

    fn waker(&'static self) -> &'static Waker {
        self.waker.get_or_init(|| Waker::from(Arc::new(AlarmWaker(self))))
    }
}
