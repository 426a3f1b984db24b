//! The readiness of one registered fd, and the wakers of the tasks that wait for it.
//!
//! Every reactor delivers its events to a [`ScheduledIo`], so a wait behaves the same under each of them. A
//! `ScheduledIo` knows neither the fd nor the reactor.
//!
//! Readiness is kept separately for each interest value that tasks wait for. Otherwise a task that waits for data, and
//! clears an error condition because its read returned `WouldBlock`, would hide it from a task that waits for errors:
//! an edge-triggered reactor does not report it again. The copies of `READABLE` and `WRITABLE` are in one atomic word
//! ([`word`]). The copy of another value is added by the first wait for it ([`waiters`]).
//!
//! # Invariants
//! - *No event is lost.*
//!   An event: (1) sets bits in the word, (2) takes the lock, sets bits in the other copies, and takes out the wakers.
//!   A wait, with the lock held: (1) checks its copy again, (2) stores its waker, or finds it stored.
//!   Whichever takes the lock first, either the wait sees the bits or the event finds the waker.
//! - *A wait clears its own copy only.* An event sets the bits in every copy. A new copy has no bits: its first wait
//!   polls the fd after the copy was added, so it sees what was reported before.
//! - *No unseen event is cleared.* Each event increments a tick. [`clear_readiness`](ScheduledIo::clear_readiness)
//!   gets the tick that the caller saw, and does nothing if an event has been delivered since.
//! - *A waiter gets the event that woke it.* An event is stored in the slot whose waker it takes out (in the slot of a
//!   `poll_*` function, an error only). So a wait completes even if another task clears their common copy first.
//! - Whether an interest is registered with the reactor is stored in the same word as readiness. An event of a
//!   oneshot registration sets readiness and marks the direction as unregistered (*disarms* it) in one atomic
//!   operation.
//! - Wakers are called, cloned and dropped while no lock is held.

mod event;
#[cfg(all(loom, test))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;
mod waiters;
mod word;

use super::{Interest, Ready};
use crate::catch_panic::wake;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::unexplored::AtomicU32;
use crate::sync::{Mutex, lock};
use std::task::{Poll, Waker};
use waiters::{Waiters, Wakers};
use word::Word;

pub(crate) use event::{Direction, ReadyEvent, ShutDown};
pub(crate) use waiters::WaiterSlot;
pub(crate) use word::BackendKind;

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct ScheduledIo {
    word: AtomicUsize,
    waiters: Mutex<Waiters>,
    /// For each direction, the tick of the last event that an operation has succeeded for, truncated. Only a hint.
    used: [AtomicU32; 2],
}

impl ScheduledIo {
    /// Called after the fd has been registered for `registered` with a reactor, the first or another one. Waits return
    /// no error any more.
    pub(crate) fn attach(&self, backend: BackendKind, registered: Interest) {
        self.update(|word| word.attach(backend, registered));
    }

    /// The kind of reactor that the fd is registered with.
    #[inline]
    pub(crate) fn backend(&self) -> BackendKind {
        self.load().backend()
    }

    /// Marks `interest` as registered. Of several callers, exactly one gets `true` and has to register it.
    #[inline]
    pub(crate) fn should_register(&self, interest: Interest) -> bool {
        !self.load().is_registered(interest)
            && !self.update(|word| word.register(interest)).is_registered(interest)
    }

    /// Marks `interest` as not registered, because it cannot be, and wakes every task, so that each gets the error.
    pub(crate) fn unregister(&self, interest: Interest) {
        self.update(|word| word.unregister(interest));
        self.wake_all();
    }

    /// Whether `interest` is registered with the reactor.
    #[inline]
    pub(crate) fn is_registered(&self, interest: Interest) -> bool {
        self.load().is_registered(interest)
    }

    /// What is registered with the reactor.
    pub(crate) fn registered(&self) -> Interest {
        self.load().registered()
    }

    /// Whether an operation should be tried although no readiness is known: because no task has waited for it yet, or
    /// because nothing reports it at present. Otherwise the fd was not ready when it was tried or polled, and no event
    /// has been delivered since.
    #[inline]
    pub(crate) fn should_try(&self, interest: Interest) -> bool {
        let word = self.load();
        match Direction::of(interest) {
            Some(direction) => {
                let is_tracked = word.has_waited(direction) && word.is_registered(interest);
                !is_tracked || word.backend() == BackendKind::Oneshot
            }
            None => true,
        }
    }

    /// Whether this is the first wait for `interest`. Adds its copy of the readiness.
    #[inline]
    pub(crate) fn begin_first_wait(&self, interest: Interest) -> bool {
        match Direction::of(interest) {
            Some(direction) => {
                !self.load().has_waited(direction)
                    && !self.update(|word| word.waited(direction)).has_waited(direction)
            }
            None => lock(&self.waiters).add_copy(interest),
        }
    }

    /// The readiness for `interest`, if there is any that is not in `tried`: the event that an operation was tried for
    /// which returned `WouldBlock`.
    #[inline(always)]
    pub(crate) fn ready_event(
        &self,
        interest: Interest,
        tried: Option<ReadyEvent>,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        let word = self.load();
        if word.is_shut_down() {
            return Poll::Ready(Err(ShutDown));
        }
        match Direction::of(interest) {
            Some(direction) => word.event(direction).newer_than(tried),
            None => self.copied_event(interest).newer_than(tried),
        }
    }

    /// What is in the copy of an interest that is not a direction.
    #[cold]
    fn copied_event(&self, interest: Interest) -> ReadyEvent {
        lock(&self.waiters).event(interest)
    }

    /// Like [`ready_event`](Self::ready_event), but stores the waker if there is no readiness.
    pub(crate) fn poll_readiness(
        &self,
        slot: &mut WaiterSlot<'_>,
        tried: Option<ReadyEvent>,
        waker: &Waker,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        if slot.is_in_use() {
            // A future that is polled again before its event has its waker in the slot already.
            let mut waiters = lock(&self.waiters);
            let event = self.event_of(&mut waiters, slot, tried);
            if event.is_ready() || waiters.has_waker(slot, waker) {
                return event;
            }
        }
        let mut waker = Some(waker.clone());
        let mut waiters = lock(&self.waiters);
        let event = self.event_of(&mut waiters, slot, tried);
        if event.is_pending() {
            std::mem::swap(waiters.waker_mut(slot), &mut waker);
        }
        drop(waiters);
        event
    }

    /// The readiness for a slot: what woke its waiter, or what is in its copy.
    #[inline(always)]
    fn event_of(
        &self,
        waiters: &mut Waiters,
        slot: &WaiterSlot<'_>,
        tried: Option<ReadyEvent>,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        let word = self.load();
        if word.is_shut_down() {
            return Poll::Ready(Err(ShutDown));
        }
        let interest = slot.interest();
        let mut event = match Direction::of(interest) {
            Some(direction) => word.event(direction),
            None => waiters.event(interest),
        };
        let delivered = waiters.take_delivered(slot);
        if !delivered.is_empty() {
            event.ready |= delivered;
            return Poll::Ready(Ok(event));
        }
        event.newer_than(tried)
    }

    /// Frees the slot of a [`WaiterSlot::Future`].
    pub(crate) fn remove_waiter(&self, key: usize) {
        let waiter = lock(&self.waiters).remove(key);
        drop(waiter);
    }

    /// Removes the waker that [`poll_readiness`](Self::poll_readiness) has just stored, unless another waker
    /// has replaced it.
    pub(crate) fn take_back_waker(&self, slot: &WaiterSlot<'_>, waker: &Waker) {
        let mut waiters = lock(&self.waiters);
        let taken = waiters
            .waker_mut_if_present(slot)
            .and_then(|stored| stored.take_if(|stored| stored.will_wake(waker)));
        drop(waiters);
        drop(taken);
    }

    /// Clears the bits of `ready` that are in `event`, unless an event has been delivered since `event` was seen.
    #[inline]
    pub(crate) fn clear_readiness(&self, event: ReadyEvent, ready: Ready) {
        let clear = event.ready.intersection(ready);
        match Direction::of(event.interest) {
            Some(direction) => {
                self.update(|word| {
                    let unchanged = word.event(direction).tick == event.tick;
                    if unchanged { word.without_ready(direction, clear) } else { word }
                });
            }
            None => lock(&self.waiters).clear(event, clear),
        }
    }

    /// Called after an operation that `event` was for has succeeded. With a oneshot reactor, marks the event as used.
    #[inline]
    pub(crate) fn succeeded(&self, event: ReadyEvent) {
        if self.backend() != BackendKind::Oneshot {
            return;
        }
        if let Some(direction) = Direction::of(event.interest) {
            self.used[direction as usize].store(event.tick as u32, Ordering::Relaxed);
        }
    }

    /// Whether an operation is known to have succeeded for `event`, under a oneshot reactor.
    pub(crate) fn is_used(&self, event: ReadyEvent) -> bool {
        let used =
            |direction| self.used[direction as usize].load(Ordering::Relaxed) == event.tick as u32;
        Direction::of(event.interest).is_some_and(used)
    }

    /// From here on, [`short_read`](Self::short_read) clears readiness, until urgent data is reported.
    pub(crate) fn allow_short_reads(&self) {
        self.update(Word::with_short_reads);
    }

    /// From here on, only an operation that returned `WouldBlock` clears readiness.
    pub(crate) fn forbid_short_reads(&self) {
        self.update(Word::without_short_reads);
    }

    /// Called after a read that `event` was for has returned less than it asked for, and more than nothing. Clears read
    /// readiness if that means that no more data has arrived: see [`short_read`](crate::reactor::short_read).
    #[inline]
    pub(crate) fn short_read(&self, event: ReadyEvent) {
        self.update(|word| word.after_short_read(event));
    }

    /// Whether [`short_read`](Self::short_read) may clear readiness.
    #[inline]
    pub(crate) fn allows_short_reads(&self) -> bool {
        self.load().allows_short_reads()
    }

    /// Delivers an event: sets readiness, and wakes the tasks that wait for it.
    pub(crate) fn set_readiness(&self, ready: Ready) {
        self.deliver(ready, Interest::NONE, wake);
    }

    /// Like [`set_readiness`](Self::set_readiness), but calls the wakers by `wake`. If the registration is oneshot, the
    /// next wait registers `disarmed` again.
    pub(crate) fn deliver(&self, ready: Ready, disarmed: Interest, wake: impl Fn(Waker)) {
        let mut wakers = Wakers::NONE;
        self.take_wakers(ready, disarmed, |waker| wakers.push(waker));
        wakers.wake(wake);
    }

    /// Like [`deliver`](Self::deliver), but passes the wakers to `take`, which must not call them: a lock is held.
    #[inline]
    pub(crate) fn take_wakers(&self, ready: Ready, disarmed: Interest, take: impl FnMut(Waker)) {
        self.update(|word| word.deliver(ready, disarmed));
        lock(&self.waiters).deliver(ready, take);
    }

    /// Called when the reactor delivers no more events: every wait returns an error, until the fd is
    /// [attached](Self::attach) to another reactor.
    pub(crate) fn shut_down(&self) {
        self.mark_shut_down();
        self.wake_all();
    }

    /// Like [`shut_down`](Self::shut_down), but wakes no task. Also for an fd that is not registered yet.
    pub(crate) fn mark_shut_down(&self) {
        self.update(Word::shut_down);
    }

    #[inline]
    pub(crate) fn is_shut_down(&self) -> bool {
        self.load().is_shut_down()
    }

    /// Wakes every task that waits.
    pub(crate) fn wake_all(&self) {
        let wakers = lock(&self.waiters).take_wakers();
        wakers.wake(wake);
    }

    /// Drops all wakers. Called when the fd is deregistered.
    pub(crate) fn clear_wakers(&self) {
        let waiters = std::mem::take(&mut *lock(&self.waiters));
        drop(waiters);
    }

    /// Like [`clear_wakers`](Self::clear_wakers), in the child of a fork. If a thread of the parent held the lock, it is
    /// never released, and the wakers are leaked.
    pub(crate) fn clear_wakers_in_child(&self) {
        let waiters = self.waiters.try_lock().ok().map(|mut waiters| std::mem::take(&mut *waiters));
        drop(waiters);
    }

    #[inline]
    fn load(&self) -> Word {
        Word(self.word.load(Ordering::Acquire))
    }

    /// Changes the word, and returns what it was.
    #[inline]
    fn update(&self, change: impl Fn(Word) -> Word) -> Word {
        let changed = self
            .word
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |word| Some(change(Word(word)).0));
        Word(changed.unwrap_or_else(|word| word))
    }
}
