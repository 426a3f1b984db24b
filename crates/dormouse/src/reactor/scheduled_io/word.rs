//! The atomic word of a `ScheduledIo`: the readiness of the two directions, the tick, and what is registered.

use super::{Direction, ReadyEvent};
use crate::reactor::{Interest, Ready};

// Bits 0 to 4 are those of `Ready`. Each bit is in the copy of one direction, except `ERROR` (bit 4): that bit is the
// reader's, and bit 5 is the writer's.

/// Bits 6 to 9: the interests that the fd is registered for.
const REGISTERED: usize = 6;
/// Bits 10 and 11, one for each direction: a task has waited for it.
const WAITED: usize = 10;
/// The reactor delivers no more events.
const SHUT_DOWN: usize = 1 << 12;
/// Bits 13 and 14: the [`BackendKind`].
const BACKEND: usize = 13;
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
        let ready = ready_bits(Direction::Read, ready) | ready_bits(Direction::Write, ready);
        Word((self.unregister(disarmed).0 | ready).wrapping_add(TICK))
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
        Word(self.0 | registered_bits(interest))
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
