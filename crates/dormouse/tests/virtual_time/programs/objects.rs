//! The objects under test: everything that a task can wait for, on each clock, behind one trait.

use super::{Clocks, Kind, REALTIME, Reset};
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::time::{AlignedInterval, Instant, Interval, MissedTickBehavior, Sleep, Timeout};
use dormouse::{interval_at, sleep_until, timeout_at};
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

/// Something to wait for. `reset`, `set_slack` and `set_period` return whether the object supports them.
pub trait Waitable: Send {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<u64>>;

    fn reset(&mut self, _after: Reset) -> bool {
        false
    }

    fn set_slack(&mut self, _slack: Duration) -> bool {
        false
    }

    fn set_period(&mut self, _period: Duration) -> bool {
        false
    }

    fn set_missed_tick_behavior(&mut self, _behavior: MissedTickBehavior) {}

    /// Makes the future inside a timeout ready.
    fn finish(&mut self) {}

    /// `None` if the object does not have it.
    fn is_elapsed(&self) -> Option<bool> {
        None
    }
}

pub fn create(kind: Kind, clock: usize, after: u64, period: u64) -> Box<dyn Waitable> {
    match clock {
        _ if kind == Kind::Aligned => {
            Box::new(Realtime::interval_aligned(Duration::from_nanos(period)))
        }
        REALTIME => on_clock::<Realtime>(kind, after, period),
        super::MONOTONIC => on_clock::<Monotonic>(kind, after, period),
        _ => on_clock::<Boottime>(kind, after, period),
    }
}

fn on_clock<C: Clock>(kind: Kind, after: u64, period: u64) -> Box<dyn Waitable> {
    let after = Duration::from_nanos(after);
    let start = C::now() + after;
    match kind {
        Kind::Interval => Box::new(interval_at(start, Duration::from_nanos(period))),
        Kind::Timeout => Box::new(timeout_at(start, Flag(false))),
        _ => Box::new(sleep_until(start)),
    }
}

/// What the clocks read.
pub fn now() -> Clocks {
    [ns(Boottime::now()), ns(Monotonic::now()), ns(Realtime::now())]
}

fn ns<C: Clock>(instant: Instant<C>) -> u64 {
    // Subtraction saturates at the zero of the clock.
    (instant - (instant - Duration::MAX)).as_nanos() as u64
}

impl<C: Clock> Waitable for Sleep<C> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<u64>> {
        let deadline = self.deadline();
        Pin::new(self).poll(cx).map(|()| Some(ns(deadline)))
    }

    fn reset(&mut self, after: Reset) -> bool {
        let Reset::After(after) = after else { return false };
        Sleep::reset(self, C::now() + Duration::from_nanos(after));
        true
    }

    fn set_slack(&mut self, slack: Duration) -> bool {
        *self = std::mem::replace(self, Sleep::never()).slack(slack);
        true
    }

    fn is_elapsed(&self) -> Option<bool> {
        Some(Sleep::is_elapsed(self))
    }
}

impl<C: Clock> Waitable for Interval<C> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<u64>> {
        self.poll_tick(cx).map(|due| Some(ns(due)))
    }

    fn reset(&mut self, after: Reset) -> bool {
        match after {
            Reset::Period => Interval::reset(self),
            Reset::Immediately => self.reset_immediately(),
            Reset::After(after) if after % 2 == 0 => self.reset_after(Duration::from_nanos(after)),
            Reset::After(after) => self.reset_at(C::now() + Duration::from_nanos(after)),
        }
        true
    }

    fn set_slack(&mut self, slack: Duration) -> bool {
        let other = interval_at(C::now(), Duration::ZERO);
        *self = std::mem::replace(self, other).slack(slack);
        true
    }

    fn set_period(&mut self, period: Duration) -> bool {
        Interval::set_period(self, period);
        true
    }

    fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        Interval::set_missed_tick_behavior(self, behavior);
    }
}

impl Waitable for AlignedInterval {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<u64>> {
        self.poll_tick(cx).map(|multiple| Some(ns(multiple)))
    }

    fn reset(&mut self, _: Reset) -> bool {
        AlignedInterval::reset(self);
        true
    }

    fn set_missed_tick_behavior(&mut self, behavior: MissedTickBehavior) {
        AlignedInterval::set_missed_tick_behavior(self, behavior);
    }
}

/// A future that is ready once the flag is set.
pub struct Flag(bool);

impl Future for Flag {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.0 { Poll::Ready(()) } else { Poll::Pending }
    }
}

impl<C: Clock> Waitable for Timeout<Flag, C> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<u64>> {
        let result = ready!(Pin::new(self).poll(cx));
        Poll::Ready(result.is_err().then_some(0))
    }

    fn finish(&mut self) {
        self.get_mut().0 = true;
    }
}
