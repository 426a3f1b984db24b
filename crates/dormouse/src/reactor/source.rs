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
//! - Whether the reactor has been asked for events in a direction is part of the same word as readiness; an
//!   answer that is to be asked for anew takes both at once.
//! - Wakers are called, cloned and dropped with no lock held.

#[cfg(all(loom, test))]
mod models;
#[cfg(all(test, not(loom)))]
mod tests;

use super::interest::{Interest, Ready};
use crate::contain::contain;
use crate::sync::atomic::{AtomicUsize, Ordering};
use crate::sync::{Mutex, lock, planted};
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
pub(crate) struct Event {
    pub(crate) ready: Ready,
    tick: usize,
}

/// Where a waiter leaves its waker.
#[derive(Debug)]
pub(crate) enum Place<'a> {
    /// The one place a direction has for `poll_*`: the last caller is the one woken.
    Direction(Direction),
    /// A place of a future's own, found again by the index.
    Own(Interest, &'a mut Option<usize>),
}

impl Place<'_> {
    pub(crate) fn interest(&self) -> Interest {
        match self {
            Place::Direction(direction) => direction.interest(),
            Place::Own(interest, _) => *interest,
        }
    }
}

/// The reactor will not report on this fd any more.
const GONE: usize = 1 << 8;
/// The reactor has been asked for events in a direction, or never will be; the other direction is the next bit.
const ASKED: usize = 1 << 9;
/// The low bits are readiness, `GONE` and `ASKED`; the ticks are above.
const TICK: usize = 1 << 16;

/// The bits that say whether the reactor has been asked for all of an interest. Error conditions and the like
/// come beside what it is asked for; so who waits for them alone has it asked for reading.
fn asked(interest: Interest) -> usize {
    let read = usize::from(interest.is_readable() || interest.is_special());
    let read = read << Direction::Read as usize;
    let write = usize::from(interest.is_writable()) << Direction::Write as usize;
    ASKED * (read | write)
}

/// See the [module](self).
#[derive(Debug, Default)]
pub(crate) struct Source {
    readiness: AtomicUsize,
    waiters: Mutex<Waiters>,
}

#[derive(Debug, Default)]
struct Waiters {
    direction: [Option<Waker>; 2],
    own: Slab<(Interest, Option<Waker>)>,
}

/// What a wait has come to.
#[derive(Debug)]
pub(crate) struct Gone;

impl Source {
    /// A source that the reactor feeds unasked, but for what it is to be asked for.
    pub(crate) fn new(to_ask: Interest) -> Source {
        let both = Interest::READABLE | Interest::WRITABLE;
        Source { readiness: AtomicUsize::new(asked(both) & !asked(to_ask)), ..Source::default() }
    }

    /// Whether the reactor has been asked for all of `interest`.
    pub(crate) fn is_asked(&self, interest: Interest) -> bool {
        self.readiness.load(Ordering::Acquire) & asked(interest) == asked(interest)
    }

    /// Notes that the reactor is asked for `interest`, and says whether the caller is the one to do so.
    #[inline]
    pub(crate) fn must_ask(&self, interest: Interest) -> bool {
        let asked = asked(interest);
        !self.is_asked(interest)
            && (self.readiness.fetch_or(asked, Ordering::AcqRel) & asked != asked
                || planted("source: both ask"))
    }

    /// The readiness for `interest`, if there is any.
    pub(crate) fn ready(&self, interest: Interest) -> Poll<Result<Event, Gone>> {
        let now = self.readiness.load(Ordering::Acquire);
        let ready = Ready(now as u8 & interest.mask().0);
        if now & GONE != 0 {
            Poll::Ready(Err(Gone))
        } else if ready.is_empty() {
            Poll::Pending
        } else {
            Poll::Ready(Ok(Event { ready, tick: now / TICK }))
        }
    }

    /// Like [`ready`](Self::ready), but leaves the waker if there is none.
    pub(crate) fn poll(&self, place: &mut Place<'_>, waker: &Waker) -> Poll<Result<Event, Gone>> {
        let interest = place.interest();
        if let Poll::Ready(found) = self.ready(interest) {
            return Poll::Ready(found);
        }
        let mut waker = Some(waker.clone());
        let mut waiters = lock(&self.waiters);
        let unseen = planted("source: a wait looks once");
        let found = if unseen { Poll::Pending } else { self.ready(interest) };
        if found.is_pending() {
            let stored = match place {
                Place::Direction(direction) => &mut waiters.direction[*direction as usize],
                Place::Own(interest, index) => {
                    let index = *index.get_or_insert_with(|| waiters.own.insert((*interest, None)));
                    &mut waiters.own[index].1
                }
            };
            if stored.is_none() || !planted("source: the first waker stays") {
                std::mem::swap(stored, &mut waker);
            }
        }
        drop(waiters);
        found
    }

    /// Takes back a place that [`poll`](Self::poll) gave.
    pub(crate) fn leave(&self, index: usize) {
        if planted("source: who leaves takes all along") {
            return self.forget_waiters();
        }
        let waker = lock(&self.waiters).own.try_remove(index);
        drop(waker);
    }

    /// Forgets readiness, unless there has been an event since.
    pub(crate) fn clear(&self, event: Event, ready: Ready) {
        let clear = usize::from(event.ready.0 & ready.0);
        let _ = self.readiness.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            (now / TICK == event.tick || planted("source: clears unseen")).then_some(now & !clear)
        });
    }

    /// An event: sets readiness, and wakes whom it concerns.
    pub(crate) fn set(&self, ready: Ready) {
        self.set_and_forget(ready, 0);
    }

    fn set_and_forget(&self, ready: Ready, asked: usize) {
        let _ = self.readiness.fetch_update(Ordering::AcqRel, Ordering::Acquire, |now| {
            Some((now & !asked | usize::from(ready.0)).wrapping_add(TICK))
        });
        self.wake(ready);
    }

    /// The reactor watches this fd no more: every wait, now and later, is told so.
    pub(crate) fn set_gone(&self) {
        if !planted("source: the end is not noted") {
            self.mark_gone();
        }
        self.wake(Ready::ALL);
    }

    /// The first half of [`set_gone`](Self::set_gone), which wakes nobody.
    pub(crate) fn mark_gone(&self) {
        self.readiness.fetch_or(GONE, Ordering::AcqRel);
    }

    /// Takes back the waker that was just left in a place, unless another is there by now.
    #[cfg(feature = "smol")]
    pub(crate) fn retract(&self, place: Place<'_>, waker: &Waker) {
        let mut waiters = lock(&self.waiters);
        let left = match place {
            Place::Direction(direction) => Some(&mut waiters.direction[direction as usize]),
            Place::Own(_, Some(index)) => waiters.own.get_mut(*index).map(|own| &mut own.1),
            Place::Own(_, None) => None,
        };
        let left = left.and_then(|left| left.take_if(|left| left.will_wake(waker)));
        drop(waiters);
        drop(left);
    }

    /// The event that the reactor was asked for has come, and it has to be asked for the next.
    #[cfg(feature = "smol")]
    pub(crate) fn answer(&self, direction: Direction) {
        let ready = match direction {
            Direction::Read => Ready::READABLE,
            Direction::Write => Ready::WRITABLE,
        };
        self.set_and_forget(ready, asked(direction.interest()));
    }

    /// Drops all wakers, when the fd is deregistered.
    pub(crate) fn forget_waiters(&self) {
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
        for (_, (interest, waker)) in waiters.own.iter_mut() {
            if ready.intersects(interest.mask()) {
                more.extend(waker.take());
                if planted("source: an event is for one") {
                    break;
                }
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
    contain(|| waker.wake());
}
