//! What the lock of a `ScheduledIo` guards: the waiters, and the copies of the readiness that are not in the word.

use super::{Direction, ReadyEvent, WaiterSlot};
use crate::reactor::{Interest, Ready};
use slab::Slab;
use std::task::Waker;

#[derive(Debug, Default)]
pub(super) struct Waiters {
    by_direction: [PollWaiter; 2],
    futures: Slab<Waiter>,
    /// One for each interest value that a task has waited for, except the two directions.
    copies: Vec<InterestCopy>,
}

/// The readiness for one interest value, and the waiter of its `poll_*` function.
#[derive(Debug)]
struct InterestCopy {
    event: ReadyEvent,
    waiter: PollWaiter,
}

/// The last caller of a `poll_*` function.
#[derive(Debug, Default)]
struct PollWaiter {
    waker: Option<Waker>,
    /// Whether an error was delivered since the last wait. An earlier event may have taken the waker out already: its task
    /// is woken, but has not polled yet. Other readiness is not stored, because most later waits would find it long after
    /// it was cleared.
    error: bool,
}

#[derive(Debug)]
pub(super) struct Waiter {
    interest: Interest,
    waker: Option<Waker>,
    /// The events since the last poll.
    delivered: Ready,
}

/// Wakers that were taken out, to be called while no lock is held.
pub(super) struct Wakers {
    by_direction: [Option<Waker>; 2],
    /// Often one future waits, and then no memory is allocated.
    first: Option<Waker>,
    others: Vec<Waker>,
}

impl Wakers {
    #[inline]
    pub(super) fn wake(self, wake: impl Fn(Waker)) {
        self.by_direction.into_iter().chain([self.first]).flatten().for_each(&wake);
        self.others.into_iter().for_each(wake);
    }

    #[inline]
    fn push(&mut self, waker: Waker) {
        match self.first {
            None => self.first = Some(waker),
            Some(_) => self.others.push(waker),
        }
    }
}

impl Waiters {
    /// Where the waker of `slot` is stored.
    pub(super) fn waker_mut(&mut self, slot: &mut WaiterSlot<'_>) -> &mut Option<Waker> {
        match slot {
            WaiterSlot::Direction(direction) => &mut self.by_direction[*direction as usize].waker,
            WaiterSlot::Interest(interest) => &mut self.copy_mut(*interest).waiter.waker,
            WaiterSlot::Future(interest, key) => {
                let waiter = Waiter { interest: *interest, waker: None, delivered: Ready::EMPTY };
                let key = *key.get_or_insert_with(|| self.futures.insert(waiter));
                &mut self.futures[key].waker
            }
        }
    }

    /// Like [`waker_mut`](Self::waker_mut), but does not create a slot.
    pub(super) fn waker_mut_if_present(
        &mut self,
        slot: &WaiterSlot<'_>,
    ) -> Option<&mut Option<Waker>> {
        match slot {
            WaiterSlot::Direction(direction) => {
                Some(&mut self.by_direction[*direction as usize].waker)
            }
            WaiterSlot::Interest(interest) => Some(&mut self.copy_mut(*interest).waiter.waker),
            WaiterSlot::Future(_, key) => {
                key.and_then(|key| self.futures.get_mut(key)).map(|waiter| &mut waiter.waker)
            }
        }
    }

    /// Whether the waker that is stored in `slot` wakes the same task as `waker`.
    pub(super) fn has_waker(&mut self, slot: &WaiterSlot<'_>, waker: &Waker) -> bool {
        let stored = self.waker_mut_if_present(slot).and_then(|stored| stored.as_ref());
        stored.is_some_and(|stored| stored.will_wake(waker))
    }

    /// Takes the events that were delivered to the waiter of `slot`.
    pub(super) fn take_delivered(&mut self, slot: &WaiterSlot<'_>) -> Ready {
        match slot {
            WaiterSlot::Future(_, Some(key)) => std::mem::take(&mut self.futures[*key].delivered),
            WaiterSlot::Future(_, None) => Ready::EMPTY,
            WaiterSlot::Direction(direction) => {
                self.by_direction[*direction as usize].take_delivered()
            }
            WaiterSlot::Interest(interest) => self.copy_mut(*interest).waiter.take_delivered(),
        }
    }

    pub(super) fn remove(&mut self, key: usize) -> Option<Waiter> {
        self.futures.try_remove(key)
    }

    /// Sets bits in each copy and in each waiter.
    pub(super) fn deliver(&mut self, ready: Ready) {
        for InterestCopy { event, waiter } in &mut self.copies {
            event.ready |= ready.intersection(event.interest.mask());
            event.tick = event.tick.wrapping_add(1);
            waiter.error |= ready.is_error();
        }
        for waiter in &mut self.by_direction {
            waiter.error |= ready.is_error();
        }
        for (_, waiter) in &mut self.futures {
            waiter.delivered |= ready.intersection(waiter.interest.mask());
        }
    }

    /// Takes the wakers of the tasks that wait for any of `ready`.
    #[inline]
    pub(super) fn take_wakers(&mut self, ready: Ready) -> Wakers {
        let mut wakers = Wakers { by_direction: [None, None], first: None, others: Vec::new() };
        for direction in Direction::BOTH {
            if ready.intersects(direction.mask()) {
                let waiter = &mut self.by_direction[direction as usize];
                wakers.by_direction[direction as usize] = waiter.waker.take();
            }
        }
        for (_, waiter) in &mut self.futures {
            if ready.intersects(waiter.interest.mask()) {
                waiter.waker.take().into_iter().for_each(|waker| wakers.push(waker));
            }
        }
        for copy in &mut self.copies {
            if ready.intersects(copy.event.interest.mask()) {
                copy.waiter.waker.take().into_iter().for_each(|waker| wakers.push(waker));
            }
        }
        wakers
    }

    /// Adds the copy of `interest`. Returns false if there is one.
    pub(super) fn add_copy(&mut self, interest: Interest) -> bool {
        let copies = self.copies.len();
        self.copy_mut(interest);
        self.copies.len() > copies
    }

    /// The copy of `interest`, which is added if there is none.
    fn copy_mut(&mut self, interest: Interest) -> &mut InterestCopy {
        let found = self.copies.iter().position(|copy| copy.event.interest == interest);
        let index = found.unwrap_or_else(|| {
            let event = ReadyEvent::unknown(interest);
            self.copies.push(InterestCopy { event, waiter: PollWaiter::default() });
            self.copies.len() - 1
        });
        &mut self.copies[index]
    }

    /// What is in the copy of `interest`: nothing if there is no copy.
    pub(super) fn event(&self, interest: Interest) -> ReadyEvent {
        let mut events = self.copies.iter().map(|copy| copy.event);
        events.find(|event| event.interest == interest).unwrap_or(ReadyEvent::unknown(interest))
    }

    /// Clears bits of the copy that `event` is from, unless an event has been delivered since.
    pub(super) fn clear(&mut self, event: ReadyEvent, clear: Ready) {
        let ReadyEvent { interest, tick, .. } = event;
        let mut events = self.copies.iter_mut().map(|copy| &mut copy.event);
        if let Some(copy) = events.find(|copy| copy.interest == interest && copy.tick == tick) {
            copy.ready = copy.ready.without(clear);
        }
    }
}

impl PollWaiter {
    fn take_delivered(&mut self) -> Ready {
        if std::mem::take(&mut self.error) { Ready::ERROR } else { Ready::EMPTY }
    }
}
