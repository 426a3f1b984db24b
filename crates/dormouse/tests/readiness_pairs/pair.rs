//! Two waits on one fd.

use crate::objects::{Case, ERR, HUP, IN, OUT, PRI, RDHUP};
use crate::waits::{Kind, Wait, kinds};
use dormouse::io::AsyncFd;
use rustix::event::PollFlags;
use std::os::fd::OwnedFd;

/// What happens before the second wait is polled.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Order {
    /// The condition occurs, and the first wait ends.
    Present,
    /// The condition occurs, and the first wait ends and clears it.
    Cleared,
    /// Both waits are pending. Then the condition occurs, and the first wait ends and clears it.
    BothPending,
    /// The first wait is pending. Then the condition occurs.
    FirstPending,
}

impl Order {
    /// Whether the condition occurs before any wait is polled.
    pub(crate) fn is_present(self) -> bool {
        matches!(self, Order::Present | Order::Cleared)
    }
}

/// All pairs of waits, except two calls of the same `poll_*` function: only the last one is woken.
pub(crate) fn kind_pairs() -> Vec<(Kind, Kind)> {
    let kinds = kinds();
    let pairs = kinds.iter().flat_map(|first| kinds.iter().map(move |second| (*first, *second)));
    pairs.filter(|(first, second)| first != second || !first.is_poll_fn()).collect()
}

/// See the [module](self).
///
/// Two waits for the same interest share its readiness: what one has cleared, the other does not see before the next
/// event, unless the event has woken it (a `poll_*` function: unless that event is an error). A hang-up is final, and is
/// expected even then, unless `async_io` has cleared it: its operation, which returned `WouldBlock`, shows that there is
/// more to wait for.
pub(crate) struct Pair<'a> {
    case: &'a Case,
    order: Order,
    first: Wait<'a>,
    second: Wait<'a>,
    /// Whether the second wait was pending when the condition occurred.
    second_is_pending: bool,
}

impl<'a> Pair<'a> {
    pub(crate) fn new(
        case: &'a Case,
        order: Order,
        (first, second): (Kind, Kind),
        fd: &'a AsyncFd<OwnedFd>,
    ) -> Pair<'a> {
        let first = Wait::new(fd, first, order != Order::Present);
        let second = Wait::new(fd, second, order == Order::BothPending);
        Pair { case, order, first, second, second_is_pending: false }
    }

    fn same_interest(&self) -> bool {
        self.first.kind.interest() == self.second.kind.interest()
    }

    /// Polls the waits that shall be pending before the condition occurs. What is reported already is cleared.
    pub(crate) fn prepare(&mut self) -> bool {
        settle(&mut self.first) && (self.order != Order::BothPending || settle(&mut self.second))
    }

    /// From now on, waits end.
    pub(crate) fn start(&mut self) {
        self.second_is_pending = self.second.is_pending();
        self.first.clears.set(!self.same_interest() || self.second_is_pending);
        self.second.clears.set(false);
    }

    fn first_must_end(&self) -> bool {
        let expected = match self.order {
            Order::Present | Order::Cleared => self.case.after,
            Order::BothPending | Order::FirstPending => self.after_clear(self.first.kind),
        };
        expected.intersects(self.first.kind.mask())
    }

    fn second_must_end(&self) -> bool {
        let kind = self.second.kind;
        let expected = match self.order {
            Order::Present => self.case.after,
            Order::Cleared if self.same_interest() => self.is_final(self.first.kind),
            Order::BothPending if self.same_interest() && kind.is_poll_fn() => {
                self.after_clear(kind) - (IN | OUT | PRI)
            }
            Order::BothPending => self.after_clear(kind),
            Order::FirstPending if self.same_interest() => self.after_clear(self.first.kind),
            Order::Cleared | Order::FirstPending => self.case.after,
        };
        expected.intersects(kind.mask())
    }

    /// The flags that end a wait after `cleared_by` has cleared what was reported before the last step.
    fn after_clear(&self, cleared_by: Kind) -> PollFlags {
        (self.case.after - self.case.before) | self.is_final(cleared_by)
    }

    fn is_final(&self, cleared_by: Kind) -> PollFlags {
        match cleared_by {
            Kind::AsyncIo(_) => PollFlags::empty(),
            _ => self.case.after & (HUP | RDHUP),
        }
    }

    /// Polls the waits that have been woken. Returns whether those that must end have ended.
    pub(crate) fn run(&mut self) -> bool {
        if self.order == Order::FirstPending && !self.second.has_started() {
            self.second.poll();
        }
        if self.first.ends.get() == 0 {
            self.first.poll();
        }
        if self.first_has_ended() && self.second.ends.get() == 0 {
            self.second.poll();
        }
        self.first_has_ended() && self.second_has_ended()
    }

    fn first_has_ended(&self) -> bool {
        !self.first_must_end() || self.first.ends.get() > 0
    }

    fn second_has_ended(&self) -> bool {
        !self.second_must_end() || self.second.ends.get() > 0
    }

    /// From now on, the waits are observed that can only end because of an error that stays, or for no reason.
    pub(crate) fn start_quiet(&mut self) {
        for wait in [&mut self.first, &mut self.second] {
            wait.clears.set(true);
            wait.ends.set(0);
            wait.observed_from = wait.wakes();
        }
    }

    fn quiet_waits(&self) -> impl Iterator<Item = &Wait<'a>> {
        let waits = [&self.first, &self.second].into_iter();
        waits.filter(|wait| is_quiet(self.case, wait))
    }

    pub(crate) fn poll_quiet(&mut self) -> bool {
        let [first, second] = [&mut self.first, &mut self.second]
            .map(|wait| !is_quiet(self.case, wait) || wait.poll());
        first && second
    }

    /// Describes the pair if a wait that must end has not ended.
    pub(crate) fn unfinished(&self) -> Option<String> {
        let ends = (self.first.ends.get(), self.second.ends.get());
        let must = (self.first_must_end(), self.second_must_end());
        let finished = self.first_has_ended() && self.second_has_ended();
        (!finished).then(|| format!("{self}: ended {ends:?} times, must end: {must:?}"))
    }

    /// Describes the pair if one of its waits has ended or was woken more often than `limit`.
    pub(crate) fn busy(&self, limit: usize) -> Option<String> {
        let counts: Vec<(Kind, usize, usize)> = self
            .quiet_waits()
            .map(|wait| (wait.kind, wait.ends.get(), wait.wakes() - wait.observed_from))
            .filter(|(_, ends, wakes)| *ends > limit || *wakes > limit)
            .collect();
        (!counts.is_empty()).then(|| format!("{self}: spins (ends, wake-ups): {counts:?}"))
    }
}

impl std::fmt::Display for Pair<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} before {:?}", self.first.kind, self.second.kind)
    }
}

fn is_quiet(case: &Case, wait: &Wait<'_>) -> bool {
    (case.after & wait.kind.mask()) - ERR == PollFlags::empty()
}

/// Polls a wait until it is pending. A level-triggered or final condition may keep it from that.
fn settle(wait: &mut Wait<'_>) -> bool {
    let is_pending = (0..4).any(|_| wait.poll());
    wait.ends.set(0);
    is_pending
}
