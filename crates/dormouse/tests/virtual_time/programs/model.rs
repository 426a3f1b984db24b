//! What virtual time promises, in the most obvious way.

use super::{BOOTTIME, Clocks, MOST_POLLS, REALTIME, Reset, Wakeup};
use dormouse::time::MissedTickBehavior;
use std::collections::VecDeque;
use std::task::Poll;

/// Clocks stop here.
const END: u64 = u64::MAX - 2;
/// Of what slack is a multiple.
const SLACK_UNIT: u64 = 78_125;
/// A tick is missed when it is so late.
const TOLERANCE: u64 = 5_000_000;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Sleep,
    Interval,
    Timeout,
    /// An aligned interval.
    Aligned,
}

#[derive(Debug)]
pub struct Object {
    kind: Kind,
    pub clock: usize,
    pub deadline: u64,
    period: u64,
    /// Fires at a multiple of this.
    granule: u64,
    pub missed: MissedTickBehavior,
    /// Of an aligned interval: the last multiple that ticked.
    last: u64,
    pub finished: bool,
    /// When it will be woken, and which of its tasks.
    waits: Option<(u64, usize)>,
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
            granule: 1,
            missed: MissedTickBehavior::Burst,
            last: 0,
            finished: false,
            waits: None,
        };
        if kind == Kind::Aligned {
            object.missed = MissedTickBehavior::Skip;
            object.align(now[REALTIME]);
        }
        object
    }

    /// Whether it is over after one poll that was ready.
    pub fn ends(&self) -> bool {
        matches!(self.kind, Kind::Sleep | Kind::Timeout)
    }

    /// Up to the slack after its deadline.
    fn fires_at(&self) -> u64 {
        self.deadline.checked_next_multiple_of(self.granule).unwrap_or(u64::MAX)
    }

    /// To the next multiple of the period.
    fn align(&mut self, now: u64) {
        self.deadline = match now % self.period {
            0 => now,
            past => (now - past).saturating_add(self.period),
        };
        self.last = self.deadline.saturating_sub(self.period);
    }

    /// A poll that found its deadline passed: what it returns, and its next deadline.
    fn tick(&mut self, now: u64) -> u64 {
        let due = self.deadline;
        match self.kind {
            Kind::Sleep => {}
            // It does not tell its deadline.
            Kind::Timeout => return 0,
            Kind::Interval => {
                let tolerance = TOLERANCE.min(self.period).saturating_add(self.granule - 1);
                let missed = now > due.saturating_add(tolerance);
                self.deadline = match self.missed {
                    MissedTickBehavior::Delay if missed => now.saturating_add(self.period),
                    MissedTickBehavior::Skip if missed => {
                        let periods = (now - due) / self.period + 1;
                        due.saturating_add(periods.saturating_mul(self.period))
                    }
                    _ => due.saturating_add(self.period),
                };
            }
            Kind::Aligned => {
                self.last = match self.missed {
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

pub struct Model {
    pub now: Clocks,
    /// In the order of creation. None once dropped.
    pub objects: Vec<Option<Object>>,
    wakeups: Vec<Wakeup>,
    /// What the polls in `run_tasks` return.
    pub polled: VecDeque<Poll<Option<u64>>>,
}

impl Model {
    pub fn new(now: Clocks) -> Model {
        Model { now, objects: Vec::new(), wakeups: Vec::new(), polled: VecDeque::new() }
    }

    pub fn get(&mut self, object: usize) -> &mut Object {
        self.objects[object].as_mut().unwrap()
    }

    pub fn take_wakeups(&mut self) -> Vec<Wakeup> {
        std::mem::take(&mut self.wakeups)
    }

    /// How far boot time can go on.
    pub fn left(&self) -> u64 {
        END - self.now[BOOTTIME]
    }

    /// What the poll of an object returns: of an interval, which tick it is.
    pub fn poll(&mut self, number: usize, task: usize) -> Poll<Option<u64>> {
        let now = self.now;
        let object = self.get(number);
        if object.kind == Kind::Timeout && object.finished {
            return Poll::Ready(None);
        }
        let now = now[object.clock];
        if object.kind == Kind::Aligned
            && object.missed == MissedTickBehavior::Delay
            && now < object.last
        {
            object.align(now);
            self.moved(number);
        }
        let object = self.get(number);
        if object.deadline > now {
            object.waits = Some((object.fires_at(), task));
            return Poll::Pending;
        }
        object.waits = None;
        Poll::Ready(Some(object.tick(now)))
    }

    pub fn reset(&mut self, number: usize, after: Reset) {
        let now = self.now;
        let object = self.get(number);
        let now = now[object.clock];
        match after {
            _ if object.kind == Kind::Aligned => object.align(now),
            Reset::To(after) => object.deadline = now.saturating_add(after),
            Reset::AtOnce => object.deadline = now,
            Reset::Period => object.deadline = now.saturating_add(object.period),
        }
        self.moved(number);
    }

    pub fn slack(&mut self, number: usize, slack: u64) {
        self.get(number).granule = match (slack / SLACK_UNIT).checked_ilog2() {
            None => 1,
            Some(doublings) => SLACK_UNIT << doublings,
        };
        self.moved(number);
    }

    /// A task that waits is woken at another time, which may be now.
    fn moved(&mut self, number: usize) {
        let clocks = self.now;
        let object = self.get(number);
        let Some((_, task)) = object.waits else { return };
        let at = object.fires_at();
        if at > clocks[object.clock] {
            object.waits = Some((at, task));
        } else {
            self.wake(number);
        }
    }

    fn wake(&mut self, object: usize) -> usize {
        let (_, task) = self.get(object).waits.take().unwrap();
        self.wakeups.push(Wakeup { object, task, clocks: self.now });
        task
    }

    /// The object that is woken next, and how long until then.
    fn next(&self) -> Option<(i128, usize)> {
        let waiting = self.objects.iter().enumerate().filter_map(|(number, object)| {
            let object = object.as_ref()?;
            let (at, _) = object.waits.filter(|(at, _)| *at <= END)?;
            Some((i128::from(at) - i128::from(self.now[object.clock]), number))
        });
        waiting.min()
    }

    /// Goes on to the next wake-up, but by no more than what is left: who is woken, and in which task.
    fn fire(&mut self, left: &mut u64) -> Option<(usize, usize)> {
        let next = self.next().filter(|(until, _)| *until <= i128::from(*left));
        let by = next.map_or(*left, |(until, _)| until.max(0) as u64);
        *left -= by;
        self.now = self.now.map(|now| now.saturating_add(by).min(END));
        let (_, number) = next?;
        Some((number, self.wake(number)))
    }

    pub fn advance(&mut self, by: u64) {
        let mut left = by;
        while self.fire(&mut left).is_some() {}
    }

    pub fn run_tasks(&mut self, by: u64) {
        let mut polls = vec![MOST_POLLS; self.objects.len()];
        let mut left = by;
        while let Some((number, task)) = self.fire(&mut left) {
            while polls[number] > 0 {
                polls[number] -= 1;
                let polled = self.poll(number, task);
                self.polled.push_back(polled);
                if polled.is_pending() || self.get(number).ends() {
                    break;
                }
            }
        }
    }

    pub fn suspend(&mut self, by: u64) {
        for clock in [BOOTTIME, REALTIME] {
            self.now[clock] = self.now[clock].saturating_add(by).min(END);
        }
        self.tell_of_jump();
    }

    pub fn set_wall_clock(&mut self, to: u64) {
        self.now[REALTIME] = to.min(END);
        self.tell_of_jump();
    }

    /// Who still sleeps by the wall clock is told, and goes on waiting.
    fn tell_of_jump(&mut self) {
        self.advance(0);
        let mut told = Vec::new();
        for (number, object) in self.objects.iter().enumerate() {
            let by_wall_clock = object.as_ref().filter(|object| object.clock == REALTIME);
            let waits = by_wall_clock.and_then(|object| object.waits);
            told.extend(waits.map(|(at, task)| (at, number, task)));
        }
        told.sort_unstable();
        let clocks = self.now;
        let wakeups = told.into_iter().map(|(_, object, task)| Wakeup { object, task, clocks });
        self.wakeups.extend(wakeups);
    }
}
