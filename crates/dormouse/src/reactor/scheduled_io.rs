//! The readiness of one registered fd, and the wakers of the tasks that wait for it.
//!
//! Every reactor delivers its events to a [`ScheduledIo`], so a wait behaves the same under each of them. A
//! `ScheduledIo` knows neither the fd nor the reactor.
//!
//! # Invariants
//! - *No event is lost.*
//!   An event: (1) sets bits in `readiness`, (2) takes the lock and takes out the wakers.
//!   A wait, with the lock held: (1) checks the bits again, (2) stores its waker.
//!   Whichever takes the lock first, either the wait sees the bits or the event finds the waker.
//! - *No unseen event is cleared.* Each event increments a tick. [`clear_readiness`](ScheduledIo::clear_readiness)
//!   gets the tick that the caller saw, and does nothing if an event has been delivered since.
//! - Whether a direction is registered with the reactor is stored in the same word as readiness. An event of a
//!   oneshot registration sets readiness and marks the direction as unregistered (*disarms* it) in one atomic
//!   operation.
//! - Wakers are called, cloned and dropped while no lock is held.

#[cfg(all(loom, test))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;

use super::interest::{Interest, Ready};
use crate::catch_panic::wake;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock};
use slab::Slab;
use std::task::{Poll, Waker};

/// One of the two directions of an fd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read = 0,
    Write = 1,
}

impl Direction {
    pub(crate) const BOTH: [Direction; 2] = [Direction::Read, Direction::Write];

    pub(crate) fn interest(self) -> Interest {
        match self {
            Direction::Read => Interest::READABLE,
            Direction::Write => Interest::WRITABLE,
        }
    }
}

/// The readiness that a caller saw at one moment, to be cleared later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyEvent {
    pub(crate) ready: Ready,
    tick: usize,
}

/// Where a wait stores its waker.
#[derive(Debug)]
pub(crate) enum WaiterSlot<'a> {
    /// The single slot of a direction, for `poll_*` functions: only the last caller is woken.
    Direction(Direction),
    /// A slot of one future. The future owns the key, which is `None` until a waker has been stored.
    Future(Interest, &'a mut Option<usize>),
}

impl WaiterSlot<'_> {
    pub(crate) fn interest(&self) -> Interest {
        match self {
            WaiterSlot::Direction(direction) => direction.interest(),
            WaiterSlot::Future(interest, _) => *interest,
        }
    }
}

/// The error of a wait after the reactor has stopped delivering events for this fd.
#[derive(Debug)]
pub(crate) struct ShutDown;

/// Bit 8 of `readiness`: the reactor delivers no more events.
const SHUTDOWN: usize = 1 << 8;
/// Bits 9 and 10, one for each [`Direction`]: the direction is registered with the reactor.
const REGISTERED: usize = 1 << 9;
/// The lowest bit of the tick. Readiness is in bits 0 to 7.
const TICK: usize = 1 << 16;

/// The `REGISTERED` bits that a wait for `interest` needs. A wait for error conditions or priority events alone needs
/// the read direction. That is enough for error conditions, which reactors report with any registration; priority
/// events are reported only if the fd was registered for them.
fn registered_bits(interest: Interest) -> usize {
    let read = usize::from(interest.is_readable() || interest.needs_builtin());
    let read = read << Direction::Read as usize;
    let write = usize::from(interest.is_writable()) << Direction::Write as usize;
    REGISTERED * (read | write)
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct ScheduledIo {
    readiness: AtomicUsize,
    waiters: Mutex<Waiters>,
}

#[derive(Debug, Default)]
struct Waiters {
    by_direction: [Option<Waker>; 2],
    futures: Slab<(Interest, Option<Waker>)>,
}

impl ScheduledIo {
    /// The directions of `unregistered` are registered by the first wait for them; the others count as registered.
    pub(crate) fn new(unregistered: Interest) -> ScheduledIo {
        let both = Interest::READABLE | Interest::WRITABLE;
        let readiness = registered_bits(both) & !registered_bits(unregistered);
        ScheduledIo { readiness: AtomicUsize::new(readiness), ..ScheduledIo::default() }
    }

    /// Whether all directions of `interest` are marked as registered with the reactor.
    pub(crate) fn is_registered(&self, interest: Interest) -> bool {
        let needed = registered_bits(interest);
        self.readiness.load(Ordering::Acquire) & needed == needed
    }

    /// Marks `interest` as registered. Of several callers, exactly one gets `true` and has to register it.
    #[inline]
    pub(crate) fn should_register(&self, interest: Interest) -> bool {
        let needed = registered_bits(interest);
        !self.is_registered(interest)
            && self.readiness.fetch_or(needed, Ordering::AcqRel) & needed != needed
    }

    /// The readiness for `interest`, if there is any.
    pub(crate) fn ready_event(&self, interest: Interest) -> Poll<Result<ReadyEvent, ShutDown>> {
        let now = self.readiness.load(Ordering::Acquire);
        let ready = Ready(now as u8 & interest.mask().0);
        if now & SHUTDOWN != 0 {
            Poll::Ready(Err(ShutDown))
        } else if ready.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(Ok(ReadyEvent { ready, tick: now / TICK }))
        }
    }

    /// Like [`ready_event`](Self::ready_event), but stores the waker if there is no readiness.
    pub(crate) fn poll_readiness(
        &self,
        slot: &mut WaiterSlot<'_>,
        waker: &Waker,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        let interest = slot.interest();
        if let Poll::Ready(event) = self.ready_event(interest) {
            return Poll::Ready(event);
        }
        let mut waker = Some(waker.clone());
        let mut waiters = lock(&self.waiters);
        let event = self.ready_event(interest);
        if event.is_pending() {
            let stored = match slot {
                WaiterSlot::Direction(direction) => &mut waiters.by_direction[*direction as usize],
                WaiterSlot::Future(interest, key) => {
                    let futures = &mut waiters.futures;
                    let key = *key.get_or_insert_with(|| futures.insert((*interest, None)));
                    &mut futures[key].1
                }
            };
            std::mem::swap(stored, &mut waker);
        }
        drop(waiters);
        event
    }

    /// Frees the slot of a [`WaiterSlot::Future`].
    pub(crate) fn remove_waiter(&self, key: usize) {
        let waiter = lock(&self.waiters).futures.try_remove(key);
        drop(waiter);
    }

    /// Removes the waker that [`poll_readiness`](Self::poll_readiness) has just stored, unless another waker
    /// has replaced it.
    pub(crate) fn take_back_waker(&self, slot: WaiterSlot<'_>, waker: &Waker) {
        let mut waiters = lock(&self.waiters);
        let stored = match slot {
            WaiterSlot::Direction(direction) => Some(&mut waiters.by_direction[direction as usize]),
            WaiterSlot::Future(_, Some(key)) => {
                waiters.futures.get_mut(*key).map(|waiter| &mut waiter.1)
            }
            WaiterSlot::Future(_, None) => None,
        };
        let taken = stored.and_then(|stored| stored.take_if(|stored| stored.will_wake(waker)));
        drop(waiters);
        drop(taken);
    }

    /// Clears the bits of `ready` that are in `event`, unless an event has been delivered since `event` was seen.
    pub(crate) fn clear_readiness(&self, event: ReadyEvent, ready: Ready) {
        let clear = usize::from(event.ready.0 & ready.0);
        let _ = self.readiness.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            (now / TICK == event.tick).then_some(now & !clear)
        });
    }

    /// Delivers an event: sets readiness, and wakes the tasks that wait for it.
    #[cfg(any(feature = "tokio", test))]
    pub(crate) fn set_readiness(&self, ready: Ready) {
        self.deliver(ready, Interest::NONE, wake);
    }

    /// Like [`set_readiness`](Self::set_readiness), but calls the wakers by `wake`. If the registration is oneshot, the
    /// next wait registers `disarmed` again.
    pub(crate) fn deliver(&self, ready: Ready, disarmed: Interest, wake: impl Fn(Waker)) {
        let disarmed = registered_bits(disarmed);
        let _ = self.readiness.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            Some((now & !disarmed | usize::from(ready.0)).wrapping_add(TICK))
        });
        self.wake_with(ready, wake);
    }

    /// Called when the reactor delivers no more events: every wait, present and future, returns an error.
    pub(crate) fn shut_down(&self) {
        self.mark_shut_down();
        self.wake(Ready::ALL);
    }

    /// Like [`shut_down`](Self::shut_down), but wakes no task.
    pub(crate) fn mark_shut_down(&self) {
        self.readiness.fetch_or(SHUTDOWN, Ordering::AcqRel);
    }

    /// Drops all wakers. Called when the fd is deregistered.
    pub(crate) fn clear_wakers(&self) {
        let waiters = std::mem::take(&mut *lock(&self.waiters));
        drop(waiters);
    }

    /// Wakes the tasks that wait for any of `ready`.
    pub(crate) fn wake(&self, ready: Ready) {
        self.wake_with(ready, wake);
    }

    fn wake_with(&self, ready: Ready, wake: impl Fn(Waker)) {
        let mut by_direction = [None, None];
        let mut futures = Vec::new();
        let mut waiters = lock(&self.waiters);
        for direction in Direction::BOTH {
            if ready.intersects(direction.interest().mask()) {
                by_direction[direction as usize] = waiters.by_direction[direction as usize].take();
            }
        }
        for (_, (interest, waker)) in waiters.futures.iter_mut() {
            if ready.intersects(interest.mask()) {
                futures.extend(waker.take());
            }
        }
        drop(waiters);
        for waker in by_direction.into_iter().flatten().chain(futures) {
            wake(waker);
        }
    }
}
