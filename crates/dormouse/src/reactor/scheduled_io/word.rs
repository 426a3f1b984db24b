//! The atomic word of a `ScheduledIo`: the readiness of the two directions, the tick, and what is registered.

use super::{Direction, ReadyEvent};
use crate::reactor::{Interest, Ready};

// Bits 0 to 4 are those of `Ready`. Each bit is in the copy of one direction, except `ERROR` (bit 4): that bit is the
// reader's, and bit 5 is the writer's.

/// Bits 6 to 9: the interests that the fd is registered for.
const REGISTERED: usize = 6;
/// Bits 10 and 11, one for each direction: a task has waited for it.
const WAITED: usize = 10;
/// No reactor delivers events, any more or yet: each wait has to register the fd first.
const SHUT_DOWN: usize = 1 << 12;
/// Bits 13 and 14: the [`BackendKind`].
const BACKEND: usize = 13;
/// A short read means that the receive queue is empty: see [`short_read`](crate::reactor::short_read).
const SHORT_READS: usize = 1 << 15;
/// The lowest bit of the tick.
const TICK: usize = 1 << 16;

/// A kind of reactor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BackendKind {
    /// The builtin reactor, which is edge-triggered and reports every interest.
    Builtin = 0,
    /// tokio: edge-triggered; reports reading and writing.
    Edge = 1,
    /// async-io: oneshot and level-triggered. Each wait registers its direction for reading or writing, and the reactor
    /// checks the fd then.
    Oneshot = 2,
}

/// See the [module](self).
#[derive(Clone, Copy)]
pub(super) struct Word(pub(super) usize);

impl Word {
    #[inline]
    pub(super) fn event(self, direction: Direction) -> ReadyEvent {
        let ready = match direction {
            Direction::Read => self.0 as u8,
            // Shifts the writer's bit to ERROR.
            Direction::Write => {
                self.0 as u8 & !Ready::ERROR.0 | (self.0 >> 1) as u8 & Ready::ERROR.0
            }
        };
        let ready = Ready(ready).intersection(direction.mask());
        ReadyEvent { ready, interest: direction.interest(), tick: self.0 / TICK }
    }

    #[inline]
    pub(super) fn without_ready(self, direction: Direction, ready: Ready) -> Word {
        Word(self.0 & !ready_bits(direction, ready))
    }

    #[inline]
    pub(super) fn deliver(self, ready: Ready, disarmed: Interest) -> Word {
        let bits = ready_bits(Direction::Read, ready) | ready_bits(Direction::Write, ready);
        let delivered = Word((self.unregister(disarmed).0 | bits).wrapping_add(TICK));
        if ready.intersects(Ready::URGENT) { delivered.without_short_reads() } else { delivered }
    }

    #[inline]
    pub(super) fn with_short_reads(self) -> Word {
        Word(self.0 | SHORT_READS)
    }

    #[inline]
    pub(super) fn allows_short_reads(self) -> bool {
        self.0 & SHORT_READS != 0
    }

    #[inline]
    pub(super) fn without_short_reads(self) -> Word {
        Word(self.0 & !SHORT_READS)
    }

    /// After a read that `event` was for has returned less than it asked for.
    #[inline]
    pub(super) fn after_short_read(self, event: ReadyEvent) -> Word {
        let is_empty = self.allows_short_reads()
            && self.backend() != BackendKind::Oneshot
            && event.interest == Interest::READABLE
            && event.ready == Ready::READABLE
            && self.event(Direction::Read).tick == event.tick;
        if is_empty { self.without_ready(Direction::Read, Ready::READABLE) } else { self }
    }

    #[inline]
    pub(super) fn is_registered(self, interest: Interest) -> bool {
        let needed = registered_bits(interest);
        self.0 & needed == needed
    }

    /// What is registered.
    #[inline]
    pub(super) fn registered(self) -> Interest {
        Interest::from_compact_bits(self.0 >> REGISTERED & 0b1111)
    }

    #[inline]
    pub(super) fn register(self, interest: Interest) -> Word {
        let registered = Word(self.0 | registered_bits(interest));
        // A task that waits for urgent data is about to read it.
        let urgent = interest.mask().intersects(Ready::URGENT);
        if urgent { registered.without_short_reads() } else { registered }
    }

    #[inline]
    pub(super) fn unregister(self, interest: Interest) -> Word {
        Word(self.0 & !registered_bits(interest))
    }

    #[inline]
    pub(super) fn has_waited(self, direction: Direction) -> bool {
        self.0 >> (WAITED + direction as usize) & 1 != 0
    }

    #[inline]
    pub(super) fn waited(self, direction: Direction) -> Word {
        Word(self.0 | 1 << (WAITED + direction as usize))
    }

    #[inline]
    pub(super) fn is_shut_down(self) -> bool {
        self.0 & SHUT_DOWN != 0
    }

    #[inline]
    pub(super) fn shut_down(self) -> Word {
        Word(self.0 | SHUT_DOWN)
    }

    #[inline]
    pub(super) fn backend(self) -> BackendKind {
        match self.0 >> BACKEND & 3 {
            0 => BackendKind::Builtin,
            1 => BackendKind::Edge,
            _ => BackendKind::Oneshot,
        }
    }

    #[inline]
    pub(super) fn attach(self, backend: BackendKind, registered: Interest) -> Word {
        let registration = SHUT_DOWN | registered_bits(Interest::ALL) | 3 << BACKEND;
        Word(self.0 & !registration | registered_bits(registered) | (backend as usize) << BACKEND)
    }
}

/// The bits of `ready` in the copy of a direction.
#[inline]
fn ready_bits(direction: Direction, ready: Ready) -> usize {
    let ready = ready.intersection(direction.mask());
    match direction {
        Direction::Read => usize::from(ready.0),
        Direction::Write => {
            // Shifts ERROR to the writer's bit.
            usize::from(ready.without(Ready::ERROR).0 | ready.intersection(Ready::ERROR).0 << 1)
        }
    }
}

#[inline]
fn registered_bits(interest: Interest) -> usize {
    interest.compact_bits() << REGISTERED
}
