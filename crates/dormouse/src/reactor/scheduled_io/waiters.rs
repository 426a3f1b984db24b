//! Where a wait stores its waker, and what the lock of a `ScheduledIo` guards: the waiters, and the copies of the readiness
//! that are not in the word.

use super::{Direction, ReadyEvent};
use crate::reactor::{Interest, Ready};
use slab::Slab;
use std::task::Waker;

/// Where a wait stores its waker.
#[derive(Debug)]
pub(crate) enum WaiterSlot<'a> {
    /// The single slot of a direction, for `poll_*` functions: only the last caller is woken.
    Direction(Direction),
    /// The single slot of an interest that is not a direction.
    Interest(Interest),
    /// A slot of one future. The future owns the key, which is `None` until a waker has been stored.
    Future(Interest, &'a mut Option<usize>),
}

impl WaiterSlot<'_> {
    /// The slot of a `poll_*` function.
    #[inline]
    pub(crate) fn polled(interest: Interest) -> Self {
        Direction::of(interest).map_or(WaiterSlot::Interest(interest), WaiterSlot::Direction)
    }

    /// Whether it is the slot of a future that has waited before.
    #[inline]
    pub(super) fn is_in_use(&self) -> bool {
        matches!(self, WaiterSlot::Future(_, Some(_)))
    }

    pub(crate) fn interest(&self) -> Interest {
        match self {
            WaiterSlot::Direction(direction) => direction.interest(),
            WaiterSlot::Interest(interest) | WaiterSlot::Future(interest, _) => *interest,
        }
    }
}

#[derive(Debug, Default)]
pub(super) struct Waiters {
    by_direction: [PollWaiter; 2],
    /// The slot with the key [`FIRST`]. Often one future waits, and then `others` is not used.
    first: Option<Waiter>,
    others: Slab<Waiter>,
    /// One for each interest value that a task has waited for, except the two directions.
    copies: Vec<InterestCopy>,
}

/// The key of the first slot of a future. A slab has no key as large as this.
const FIRST: usize = usize::MAX;

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
    /// Often one or two tasks wait, and then no memory is allocated.
    first: [Option<Waker>; 2],
    others: Vec<Waker>,
}

impl Wakers {
    pub(super) const NONE: Wakers = Wakers { first: [None, None], others: Vec::new() };

    #[inline]
    pub(super) fn push(&mut self, waker: Waker) {
        match &mut self.first {
            [first @ None, _] => *first = Some(waker),
            [_, second @ None] => *second = Some(waker),
            _ => self.others.push(waker),
        }
    }

    #[inline]
    pub(super) fn wake(self, wake: impl Fn(Waker)) {
        for waker in self.first.into_iter().flatten() {
            wake(waker);
        }
        if !self.others.is_empty() {
            self.others.into_iter().for_each(wake);
        }
    }
}

impl Waiters {
    /// Where the waker of `slot` is stored.
    #[inline]
    pub(super) fn waker_mut(&mut self, slot: &mut WaiterSlot<'_>) -> &mut Option<Waker> {
        match slot {
            WaiterSlot::Direction(direction) => &mut self.by_direction[*direction as usize].waker,
            WaiterSlot::Interest(interest) => &mut self.copy_mut(*interest).waiter.waker,
            WaiterSlot::Future(interest, key) => {
                let key = *key.get_or_insert_with(|| self.insert(*interest));
                let waiter = self.future_mut(key).expect("a future removes its own slot alone");
                &mut waiter.waker
            }
        }
    }

    /// Adds a slot for a future, and returns its key.
    #[inline]
    fn insert(&mut self, interest: Interest) -> usize {
        let waiter = Waiter { interest, waker: None, delivered: Ready::EMPTY };
        if self.first.is_some() {
            return self.others.insert(waiter);
        }
        self.first = Some(waiter);
        FIRST
    }

    #[inline]
    fn future_mut(&mut self, key: usize) -> Option<&mut Waiter> {
        if key == FIRST { self.first.as_mut() } else { self.others.get_mut(key) }
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
                key.and_then(|key| self.future_mut(key)).map(|waiter| &mut waiter.waker)
            }
        }
    }

    /// Whether the waker that is stored in `slot` wakes the same task as `waker`.
    pub(super) fn has_waker(&mut self, slot: &WaiterSlot<'_>, waker: &Waker) -> bool {
        let stored = self.waker_mut_if_present(slot).and_then(|stored| stored.as_ref());
        stored.is_some_and(|stored| stored.will_wake(waker))
    }

    /// Takes the events that were delivered to the waiter of `slot`.
    #[inline(always)]
    pub(super) fn take_delivered(&mut self, slot: &WaiterSlot<'_>) -> Ready {
        match slot {
            WaiterSlot::Future(_, key) => {
                let waiter = key.and_then(|key| self.future_mut(key));
                waiter.map_or(Ready::EMPTY, |waiter| std::mem::take(&mut waiter.delivered))
            }
            WaiterSlot::Direction(direction) => {
                self.by_direction[*direction as usize].take_delivered()
            }
            WaiterSlot::Interest(interest) => self.copy_mut(*interest).waiter.take_delivered(),
        }
    }

    #[inline]
    pub(super) fn remove(&mut self, key: usize) -> Option<Waiter> {
        if key == FIRST { self.first.take() } else { self.others.try_remove(key) }
    }

    /// Sets bits in each copy and in each waiter, and takes the wakers of the tasks that wait for any of `ready`.
    #[inline]
    pub(super) fn deliver(&mut self, ready: Ready, mut take: impl FnMut(Waker)) {
        let mut take = |waker: &mut Option<Waker>| {
            if let Some(waker) = waker.take() {
                take(waker);
            }
        };
        for direction in Direction::BOTH {
            let waiter = &mut self.by_direction[direction as usize];
            waiter.error |= ready.is_error();
            if ready.intersects(direction.mask()) {
                take(&mut waiter.waker);
            }
        }
        let mut deliver = |waiter: &mut Waiter| {
            let delivered = ready.intersection(waiter.interest.mask());
            waiter.delivered |= delivered;
            if !delivered.is_empty() {
                take(&mut waiter.waker);
            }
        };
        self.first.iter_mut().for_each(&mut deliver);
        if !self.others.is_empty() {
            self.others.iter_mut().for_each(|(_, waiter)| deliver(waiter));
        }
        for InterestCopy { event, waiter } in &mut self.copies {
            let delivered = ready.intersection(event.interest.mask());
            event.ready |= delivered;
            event.tick = event.tick.wrapping_add(1);
            waiter.error |= ready.is_error();
            if !delivered.is_empty() {
                take(&mut waiter.waker);
            }
        }
    }

    /// Takes all wakers, without an event.
    pub(super) fn take_wakers(&mut self) -> Wakers {
        let directions = self.by_direction.iter_mut().map(|waiter| &mut waiter.waker);
        let first = self.first.iter_mut().map(|waiter| &mut waiter.waker);
        let others = self.others.iter_mut().map(|(_, waiter)| &mut waiter.waker);
        let copies = self.copies.iter_mut().map(|copy| &mut copy.waiter.waker);
        let stored = directions.chain(first).chain(others).chain(copies);
        let mut wakers = Wakers::NONE;
        stored.filter_map(Option::take).for_each(|waker| wakers.push(waker));
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
