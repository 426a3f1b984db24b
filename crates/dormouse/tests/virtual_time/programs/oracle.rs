//! The oracle: what virtual time promises, in the most obvious implementation.

use super::{BOOTTIME, Clocks, MAX_POLLS, REALTIME, Reset, Wakeup};
use dormouse::time::MissedTickBehavior;
use std::collections::VecDeque;
use std::task::Poll;

/// Clocks stop here, in ns.
const END: u64 = u64::MAX - 2;
/// The finest granularity of slack, in ns: others are this times a power of two.
const SLACK_UNIT_NS: u64 = 78_125;
/// A tick is missed when it is later than this, in ns.
const TOLERANCE_NS: u64 = 5_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sleep,
    Interval,
    Timeout,
    Aligned,
}

#[derive(Debug)]
pub struct Object {
    kind: Kind,
    pub clock: usize,
    pub deadline: u64,
    pub period: u64,
    /// It fires at a multiple of this, in ns.
    granularity: u64,
    pub missed_tick_behavior: MissedTickBehavior,
    /// For an aligned interval: the last multiple that ticked, or the one before the first.
    last: u64,
    /// For a timeout: the future inside is ready.
    pub finished: bool,
    /// When it fires, and the task whose waker is registered.
    registered: Option<(u64, usize)>,
}

impl Object {
    pub fn new(kind: Kind, clock: usize, after: u64, period: u64, now: &Clocks) -> Object {
        let clock = if kind == Kind::Aligned { REALTIME } else { clock };
        let period = period.max(1);
        let mut object = Object {
            kind,
            clock,
            deadline: now[clock].saturating_add(after),
            period,
            granularity: 1,
            missed_tick_behavior: MissedTickBehavior::Burst,
            last: 0,
            finished: false,
            registered: None,
        };
        if kind == Kind::Aligned {
            object.missed_tick_behavior = MissedTickBehavior::Skip;
            object.align(now[REALTIME]);
        }
        object
    }

    /// Whether its first ready poll completes it.
    pub fn is_one_shot(&self) -> bool {
        matches!(self.kind, Kind::Sleep | Kind::Timeout)
    }

    /// When it fires: up to the slack after its deadline.
    fn fires_at(&self) -> u64 {
        self.deadline.checked_next_multiple_of(self.granularity).unwrap_or(u64::MAX)
    }

    /// Sets the deadline to the next multiple of the period, which may be now.
    fn align(&mut self, now: u64) {
        self.deadline = match now % self.period {
            0 => now,
            past => (now - past).saturating_add(self.period),
        };
        self.last = self.deadline.saturating_sub(self.period);
    }

    /// A poll after the deadline: returns which tick it is, and sets the next deadline.
    fn tick(&mut self, now: u64) -> u64 {
        let due = self.deadline;
        match self.kind {
            Kind::Sleep => {}
            // A timeout does not return its deadline.
            Kind::Timeout => return 0,
            Kind::Interval => {
                let tolerance = TOLERANCE_NS.min(self.period).saturating_add(self.granularity - 1);
                let missed = now > due.saturating_add(tolerance);
                self.deadline = match self.missed_tick_behavior {
                    MissedTickBehavior::Delay if missed => now.saturating_add(self.period),
                    MissedTickBehavior::Skip if missed => {
                        let periods = (now - due) / self.period + 1;
                        due.saturating_add(periods.saturating_mul(self.period))
                    }
                    _ => due.saturating_add(self.period),
                };
            }
            Kind::Aligned => {
                self.last = match self.missed_tick_behavior {
                    MissedTickBehavior::Burst => due,
                    _ => due.max(now - now % self.period),
                };
                self.deadline = self.last.saturating_add(self.period);
                return self.last;
            }
        }
        due
    }
}

pub struct Oracle {
    pub now: Clocks,
    /// In the order of creation. `None` once dropped.
    pub objects: Vec<Option<Object>>,
    wakeups: Vec<Wakeup>,
    /// The results of the polls in `run_tasks`.
    pub polled: VecDeque<Poll<Option<u64>>>,
}

impl Oracle {
    pub fn new(now: Clocks) -> Oracle {
        Oracle { now, objects: Vec::new(), wakeups: Vec::new(), polled: VecDeque::new() }
    }

    pub fn get(&mut self, object: usize) -> &mut Object {
        self.objects[object].as_mut().unwrap()
    }

    pub fn take_wakeups(&mut self) -> Vec<Wakeup> {
        std::mem::take(&mut self.wakeups)
    }

    /// By how much boot time can still advance.
    pub fn remaining(&self) -> u64 {
        END - self.now[BOOTTIME]
    }

    /// The result of a poll. For an interval, which tick it is.
    pub fn poll(&mut self, number: usize, task: usize) -> Poll<Option<u64>> {
        let now = self.now;
        let object = self.get(number);
        if object.kind == Kind::Timeout && object.finished {
            return Poll::Ready(None);
        }
        let now = now[object.clock];
        if object.kind == Kind::Aligned
            && object.missed_tick_behavior == MissedTickBehavior::Delay
            && now < object.last
        {
            object.align(now);
            self.reregister(number);
        }
        let object = self.get(number);
        if object.deadline > now {
            object.registered = Some((object.fires_at(), task));
            return Poll::Pending;
        }
        object.registered = None;
        Poll::Ready(Some(object.tick(now)))
    }

    pub fn reset(&mut self, number: usize, after: Reset) {
        let now = self.now;
        let object = self.get(number);
        let now = now[object.clock];
        match after {
            _ if object.kind == Kind::Aligned => object.align(now),
            Reset::After(after) => object.deadline = now.saturating_add(after),
            Reset::Immediately => object.deadline = now,
            Reset::Period => object.deadline = now.saturating_add(object.period),
        }
        self.reregister(number);
    }

    pub fn set_slack(&mut self, number: usize, slack: u64) {
        self.get(number).granularity = match (slack / SLACK_UNIT_NS).checked_ilog2() {
            None => 1,
            Some(doublings) => SLACK_UNIT_NS << doublings,
        };
        self.reregister(number);
    }

    /// Moves a registered waker to the new deadline. Calls it if that has passed.
    fn reregister(&mut self, number: usize) {
        let clocks = self.now;
        let object = self.get(number);
        let Some((_, task)) = object.registered else { return };
        let at = object.fires_at();
        if at > clocks[object.clock] {
            object.registered = Some((at, task));
        } else {
            self.wake(number);
        }
    }

    fn wake(&mut self, object: usize) -> usize {
        let (_, task) = self.get(object).registered.take().unwrap();
        self.wakeups.push(Wakeup { object, task, clocks: self.now });
        task
    }

    /// The time until the next object fires, and that object.
    fn next(&self) -> Option<(i128, usize)> {
        let waiting = self.objects.iter().enumerate().filter_map(|(number, object)| {
            let object = object.as_ref()?;
            let (at, _) = object.registered.filter(|(at, _)| *at <= END)?;
            Some((i128::from(at) - i128::from(self.now[object.clock]), number))
        });
        waiting.min()
    }

    /// Advances to the next wake-up, but by at most `remaining`. Returns the object that fired and its task.
    fn fire(&mut self, remaining: &mut u64) -> Option<(usize, usize)> {
        let next = self.next().filter(|(until, _)| *until <= i128::from(*remaining));
        let by = next.map_or(*remaining, |(until, _)| until.max(0) as u64);
        *remaining -= by;
        self.now = self.now.map(|now| now.saturating_add(by).min(END));
        let (_, number) = next?;
        Some((number, self.wake(number)))
    }

    pub fn advance(&mut self, by: u64) {
        let mut remaining = by;
        while self.fire(&mut remaining).is_some() {}
    }

    pub fn run_tasks(&mut self, by: u64) {
        let mut polls = vec![MAX_POLLS; self.objects.len()];
        let mut remaining = by;
        while let Some((number, task)) = self.fire(&mut remaining) {
            while polls[number] > 0 {
                polls[number] -= 1;
                let polled = self.poll(number, task);
                self.polled.push_back(polled);
                if polled.is_pending() || self.get(number).is_one_shot() {
                    break;
                }
            }
        }
    }

    pub fn suspend(&mut self, by: u64) {
        for clock in [BOOTTIME, REALTIME] {
            self.now[clock] = self.now[clock].saturating_add(by).min(END);
        }
        self.wake_wall_clock_sleepers();
    }

    pub fn set_wall_clock(&mut self, to: u64) {
        self.now[REALTIME] = to.min(END);
        self.wake_wall_clock_sleepers();
    }

    /// Fires what is due now. Then wakes each object that is still registered on the wall clock, and keeps it registered.
    fn wake_wall_clock_sleepers(&mut self) {
        self.advance(0);
        let mut woken = Vec::new();
        for (number, object) in self.objects.iter().enumerate() {
            let on_wall_clock = object.as_ref().filter(|object| object.clock == REALTIME);
            let registered = on_wall_clock.and_then(|object| object.registered);
            woken.extend(registered.map(|(at, task)| (at, number, task)));
        }
        woken.sort_unstable();
        let clocks = self.now;
        let wakeups = woken.into_iter().map(|(_, object, task)| Wakeup { object, task, clocks });
        self.wakeups.extend(wakeups);
    }
}
