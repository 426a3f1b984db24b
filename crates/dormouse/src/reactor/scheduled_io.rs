//! What is known of one watched fd: its readiness, and who waits for more.
//!
//! Every reactor feeds the same [`Source`], so that waiting means the same under each. A source
//! knows no fd and no reactor.
//!
//! # Invariants
//! - *No event is lost.* An event first sets bits in `readiness`, then takes the lock to find
//!   waiters. A waiter takes the lock, looks at the bits again, and only then leaves its waker. So
//!   whichever takes the lock first, either the waiter sees the bits or the event sees the waker.
//! - *No event is cleared by somebody who did not see it.* Each event counts a tick up; clearing
//!   names the tick that was seen and does nothing if another has come since.
//! - Whether the reactor has been registered for events in a direction is part of the same word as readiness; an
//!   answer that is to be registered for anew takes both at once.
//! - Wakers are called, cloned and dropped with no lock held.

#[cfg(all(loom, test))]
mod loom_tests;
#[cfg(all(test, not(loom)))]
mod tests;

use super::interest::{Interest, Ready};
use crate::catch_panic::catch_panic;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock};
use slab::Slab;
use std::task::{Poll, Waker};

/// One of the two directions in which an fd is watched.
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

/// Readiness as it was seen at one moment; what is cleared later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyEvent {
    pub(crate) ready: Ready,
    tick: usize,
}

/// Where a waiter leaves its waker.
#[derive(Debug)]
pub(crate) enum WaiterSlot<'a> {
    /// The one place a direction has for `poll_*`: the last caller is the one woken.
    Direction(Direction),
    /// A place of a future's own, found again by the index.
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

/// The reactor will not report on this fd any more.
const SHUTDOWN: usize = 1 << 8;
/// The reactor has been registered for events in a direction, or never will be; the other direction is the next bit.
const REGISTERED: usize = 1 << 9;
/// The low bits are readiness, `GONE` and `REGISTERED`; the ticks are above.
const TICK: usize = 1 << 16;

/// The bits that say whether the reactor has been registered for all of an interest. Error conditions and the like
/// come beside what it is registered for; so who waits for them alone has it registered for reading.
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
    direction: [Option<Waker>; 2],
    waiters: Slab<(Interest, Option<Waker>)>,
}

/// What a wait has come to.
#[derive(Debug)]
pub(crate) struct ShutDown;

impl ScheduledIo {
    /// A source that the reactor feeds unasked, but for what it is to be registered for.
    pub(crate) fn new(unregistered: Interest) -> ScheduledIo {
        let both = Interest::READABLE | Interest::WRITABLE;
        ScheduledIo {
            readiness: AtomicUsize::new(registered_bits(both) & !registered_bits(unregistered)),
            ..ScheduledIo::default()
        }
    }

    /// Whether the reactor has been registered for all of `interest`.
    pub(crate) fn is_registered(&self, interest: Interest) -> bool {
        self.readiness.load(Ordering::Acquire) & registered_bits(interest)
            == registered_bits(interest)
    }

    /// Notes that the reactor is registered for `interest`, and says whether the caller is the one to do so.
    #[inline]
    pub(crate) fn should_register(&self, interest: Interest) -> bool {
        let registered = registered_bits(interest);
        !self.is_registered(interest)
            && self.readiness.fetch_or(registered, Ordering::AcqRel) & registered != registered
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

    /// Like [`ready`](Self::ready), but leaves the waker if there is none.
    pub(crate) fn poll_readiness(
        &self,
        place: &mut WaiterSlot<'_>,
        waker: &Waker,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        let interest = place.interest();
        if let Poll::Ready(found) = self.ready_event(interest) {
            return Poll::Ready(found);
        }
        let mut waker = Some(waker.clone());
        let mut waiters = lock(&self.waiters);
        let found = self.ready_event(interest);
        if found.is_pending() {
            let stored = match place {
                WaiterSlot::Direction(direction) => &mut waiters.direction[*direction as usize],
                WaiterSlot::Future(interest, index) => {
                    let index =
                        *index.get_or_insert_with(|| waiters.waiters.insert((*interest, None)));
                    &mut waiters.waiters[index].1
                }
            };
            std::mem::swap(stored, &mut waker);
        }
        drop(waiters);
        found
    }

    /// Takes back a place that [`poll`](Self::poll) gave.
    pub(crate) fn remove_waiter(&self, index: usize) {
        let waker = lock(&self.waiters).waiters.try_remove(index);
        drop(waker);
    }

    /// Forgets readiness, unless there has been an event since.
    pub(crate) fn clear_readiness(&self, event: ReadyEvent, ready: Ready) {
        let clear = usize::from(event.ready.0 & ready.0);
        let _ = self.readiness.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            (now / TICK == event.tick).then_some(now & !clear)
        });
    }

    /// An event: sets readiness, and wakes whom it concerns.
    pub(crate) fn set_readiness(&self, ready: Ready) {
        self.set_readiness_and_disarm(ready, 0);
    }

    fn set_readiness_and_disarm(&self, ready: Ready, registered: usize) {
        let _ = self.readiness.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            Some((now & !registered | usize::from(ready.0)).wrapping_add(TICK))
        });
        self.wake(ready);
    }

    /// The reactor watches this fd no more: every wait, now and later, is told so.
    pub(crate) fn shut_down(&self) {
        self.mark_shut_down();
        self.wake(Ready::ALL);
    }

    /// The first half of [`set_gone`](Self::set_gone), which wakes nobody.
    pub(crate) fn mark_shut_down(&self) {
        self.readiness.fetch_or(SHUTDOWN, Ordering::AcqRel);
    }

    /// Takes back the waker that was just left in a place, unless another is there by now.
    #[cfg(feature = "smol")]
    pub(crate) fn take_back_waker(&self, place: WaiterSlot<'_>, waker: &Waker) {
        let mut waiters = lock(&self.waiters);
        let left = match place {
            WaiterSlot::Direction(direction) => Some(&mut waiters.direction[direction as usize]),
            WaiterSlot::Future(_, Some(index)) => {
                waiters.waiters.get_mut(*index).map(|waiter| &mut waiter.1)
            }
            WaiterSlot::Future(_, None) => None,
        };
        let left = left.and_then(|left| left.take_if(|left| left.will_wake(waker)));
        drop(waiters);
        drop(left);
    }

    /// The event that the reactor was registered for has come, and it has to be registered for the next.
    #[cfg(feature = "smol")]
    pub(crate) fn complete_oneshot(&self, direction: Direction) {
        let ready = match direction {
            Direction::Read => Ready::READABLE,
            Direction::Write => Ready::WRITABLE,
        };
        self.set_readiness_and_disarm(ready, registered_bits(direction.interest()));
    }

    /// Drops all wakers, when the fd is deregistered.
    pub(crate) fn clear_wakers(&self) {
        let waiters = std::mem::take(&mut *lock(&self.waiters));
        drop(waiters);
    }

    pub(crate) fn wake(&self, ready: Ready) {
        let mut wakers = [None, None];
        let mut more = Vec::new();
        let mut waiters = lock(&self.waiters);
        for direction in Direction::BOTH {
            if ready.intersects(direction.interest().mask()) {
                wakers[direction as usize] = waiters.direction[direction as usize].take();
            }
        }
        for (_, (interest, waker)) in waiters.waiters.iter_mut() {
            if ready.intersects(interest.mask()) {
                more.extend(waker.take());
            }
        }
        drop(waiters);
        for waker in wakers.into_iter().flatten().chain(more) {
            wake(waker);
        }
    }
}

/// Calls a waker. If it panics, everybody else is woken all the same.
pub(crate) fn wake(waker: Waker) {
    catch_panic(|| waker.wake());
}
