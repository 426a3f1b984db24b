//! The readiness of an fd, in one direction or for another interest, at one moment.

use crate::reactor::{Interest, Ready};
use std::task::Poll;

/// One of the two directions of an fd.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Direction {
    Read = 0,
    Write = 1,
}

impl Direction {
    pub(crate) const BOTH: [Direction; 2] = [Direction::Read, Direction::Write];

    #[inline]
    pub(crate) const fn interest(self) -> Interest {
        match self {
            Direction::Read => Interest::READABLE,
            Direction::Write => Interest::WRITABLE,
        }
    }

    /// [`Interest::mask`] of the direction.
    #[inline]
    pub(super) const fn mask(self) -> Ready {
        const READ: Ready = Interest::READABLE.mask();
        const WRITE: Ready = Interest::WRITABLE.mask();
        match self {
            Direction::Read => READ,
            Direction::Write => WRITE,
        }
    }

    /// The direction that `interest` is, if it is exactly one.
    #[inline]
    pub(super) fn of(interest: Interest) -> Option<Direction> {
        match interest {
            Interest::READABLE => Some(Direction::Read),
            Interest::WRITABLE => Some(Direction::Write),
            _ => None,
        }
    }
}

/// The readiness that a caller saw at one moment, to be cleared later.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ReadyEvent {
    pub(crate) ready: Ready,
    /// Names the copy of the readiness.
    pub(crate) interest: Interest,
    /// The tick of that copy.
    pub(crate) tick: usize,
}

impl ReadyEvent {
    /// An attempt without known readiness.
    pub(crate) fn unknown(interest: Interest) -> ReadyEvent {
        ReadyEvent { ready: Ready::EMPTY, interest, tick: 0 }
    }

    /// This event without what is in `tried`, unless it is newer.
    #[inline]
    pub(super) fn newer_than(
        mut self,
        tried: Option<ReadyEvent>,
    ) -> Poll<Result<ReadyEvent, ShutDown>> {
        match tried {
            Some(tried) if tried.tick == self.tick => self.ready = self.ready.without(tried.ready),
            _ => {}
        }
        if self.ready.is_empty() { Poll::Pending } else { Poll::Ready(Ok(self)) }
    }
}

/// The error of a wait for an fd that no reactor delivers events for, any more or yet.
#[derive(Debug)]
pub(crate) struct ShutDown;
