//! Random programs, against a model that is as simple as can be.

use super::Log;
use crate::common::{poll, waker};
use dormouse::VirtualTime;
use dormouse::clock::{Boottime, Clock, Monotonic, Realtime};
use dormouse::time::Sleep;
use proptest::prelude::*;
use std::task::Poll;
use std::time::{Duration, UNIX_EPOCH};

const BOOTTIME: usize = 0;
const MONOTONIC: usize = 1;
const REALTIME: usize = 2;

#[derive(Clone, Debug)]
enum Action {
    Create { clock: usize, after: u64 },
    Poll { sleep: usize },
    Reset { sleep: usize, after: u64 },
    Drop { sleep: usize },
    Advance { by: u64 },
    Suspend { by: u64 },
    SetWallClock { to: u64 },
}

/// Small numbers, so that deadlines meet.
fn action() -> impl Strategy<Value = Action> {
    let sleep = 0..20usize;
    prop_oneof![
        4 => (0..3usize, 0..20u64).prop_map(|(clock, after)| Action::Create { clock, after }),
        6 => sleep.clone().prop_map(|sleep| Action::Poll { sleep }),
        3 => (sleep.clone(), 0..20u64).prop_map(|(sleep, after)| Action::Reset { sleep, after }),
        1 => sleep.prop_map(|sleep| Action::Drop { sleep }),
        3 => (0..15u64).prop_map(|by| Action::Advance { by }),
        1 => (0..15u64).prop_map(|by| Action::Suspend { by }),
        1 => (1000..1060u64).prop_map(|to| Action::SetWallClock { to }),
    ]
}

/// What happens to a sleep, with its number: it is woken when the clocks show this since the start (the wall clock:
/// since 1970).
type Event = (usize, [u64; 3]);

#[derive(Debug)]
struct ModelSleep {
    clock: usize,
    deadline: u64,
    waits: bool,
}

struct Model {
    now: [u64; 3],
    sleeps: Vec<Option<ModelSleep>>,
    events: Vec<Event>,
}

impl Model {
    /// The sleep that is next, and how long until then.
    fn next(&self) -> Option<(i64, usize)> {
        let waiting = self.sleeps.iter().enumerate().filter_map(|(number, sleep)| {
            let sleep = sleep.as_ref().filter(|sleep| sleep.waits)?;
            Some((sleep.deadline as i64 - self.now[sleep.clock] as i64, number))
        });
        waiting.min()
    }

    fn advance(&mut self, by: u64) {
        let mut left = by;
        while let Some((until, number)) = self.next().filter(|(until, _)| *until <= left as i64) {
            let until = until.max(0) as u64;
            left -= until;
            self.now = self.now.map(|now| now + until);
            self.events.push((number, self.now));
            self.sleeps[number].as_mut().unwrap().waits = false;
        }
        self.now = self.now.map(|now| now + left);
    }

    fn jumped(&mut self) {
        self.advance(0);
        // Who still sleeps by the wall clock is told, and goes on waiting.
        let mut told: Vec<_> = (0..self.sleeps.len())
            .filter_map(|number| {
                let sleep = self.sleeps[number].as_ref()?;
                (sleep.waits && sleep.clock == REALTIME).then_some((sleep.deadline, number))
            })
            .collect();
        told.sort_unstable();
        self.events.extend(told.into_iter().map(|(_, number)| (number, self.now)));
    }

    fn run(&mut self, action: &Action) {
        match *action {
            Action::Create { clock, after } => {
                let deadline = self.now[clock] + after;
                self.sleeps.push(Some(ModelSleep { clock, deadline, waits: false }));
            }
            Action::Poll { sleep } => {
                if let Some(Some(sleep)) = self.sleeps.get_mut(sleep) {
                    sleep.waits = sleep.deadline > self.now[sleep.clock];
                }
            }
            Action::Reset { sleep: number, after } => {
                if let Some(Some(sleep)) = self.sleeps.get_mut(number) {
                    sleep.deadline = self.now[sleep.clock] + after;
                    if sleep.waits && after == 0 {
                        sleep.waits = false;
                        self.events.push((number, self.now));
                    }
                }
            }
            Action::Drop { sleep } => {
                if let Some(sleep) = self.sleeps.get_mut(sleep) {
                    *sleep = None;
                }
            }
            Action::Advance { by } => self.advance(by),
            Action::Suspend { by } => {
                self.now[BOOTTIME] += by;
                self.now[REALTIME] += by;
                self.jumped();
            }
            Action::SetWallClock { to } => {
                self.now[REALTIME] = to;
                self.jumped();
            }
        }
    }
}

enum AnySleep {
    Boottime(Sleep<Boottime>),
    Monotonic(Sleep<Monotonic>),
    Realtime(Sleep<Realtime>),
}

/// The same for a sleep of whatever clock.
macro_rules! any {
    ($sleep:expr, $inner:ident => $do:expr) => {
        match $sleep {
            AnySleep::Boottime($inner) => $do,
            AnySleep::Monotonic($inner) => $do,
            AnySleep::Realtime($inner) => $do,
        }
    };
}

fn elapsed(start: &(dormouse::time::Instant, dormouse::time::Instant<Monotonic>)) -> [u64; 3] {
    let realtime = Realtime::now().duration_since(UNIX_EPOCH).unwrap();
    [start.0.elapsed(), start.1.elapsed(), realtime].map(|since| since.as_nanos() as u64)
}

fn after<C: Clock>(sleep: &mut Sleep<C>, after: u64) {
    sleep.reset(C::now() + Duration::from_nanos(after));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn random_programs_fire_as_the_model_says(actions in prop::collection::vec(action(), 1..80)) {
        let time = VirtualTime::new();
        time.set_wall_clock(UNIX_EPOCH + Duration::from_nanos(1000));
        let _entered = time.enter();
        let start = (Boottime::now(), Monotonic::now());
        let mut model = Model { now: [0, 0, 1000], sleeps: Vec::new(), events: Vec::new() };
        let mut sleeps: Vec<Option<AnySleep>> = Vec::new();
        let log = Log::new();

        for action in &actions {
            model.run(action);
            match *action {
                Action::Create { clock, after } => {
                    let after = Duration::from_nanos(after);
                    sleeps.push(Some(match clock {
                        BOOTTIME => AnySleep::Boottime(Boottime::sleep(after)),
                        MONOTONIC => AnySleep::Monotonic(Monotonic::sleep(after)),
                        _ => AnySleep::Realtime(Realtime::sleep(after)),
                    }));
                }
                Action::Poll { sleep: number } => {
                    if let Some(Some(sleep)) = sleeps.get_mut(number) {
                        let (log, time) = (log.clone(), time.clone());
                        let waker = waker(move || {
                            let _entered = time.enter();
                            log.add((number, elapsed(&start)));
                        });
                        let polled = any!(sleep, sleep => poll(sleep, &waker));
                        let waits = model.sleeps[number].as_ref().unwrap().waits;
                        prop_assert_eq!(polled == Poll::Pending, waits);
                    }
                }
                Action::Reset { sleep, after: by } => {
                    if let Some(Some(sleep)) = sleeps.get_mut(sleep) {
                        any!(sleep, sleep => after(sleep, by));
                    }
                }
                Action::Drop { sleep } => {
                    if let Some(sleep) = sleeps.get_mut(sleep) {
                        *sleep = None;
                    }
                }
                Action::Advance { by } => time.advance_now(Duration::from_nanos(by)),
                Action::Suspend { by } => {
                    let by = Duration::from_nanos(by);
                    prop_assert_eq!(time.suspend(by), by);
                }
                Action::SetWallClock { to } => {
                    time.set_wall_clock(UNIX_EPOCH + Duration::from_nanos(to));
                }
            }
            prop_assert_eq!(elapsed(&start), model.now);
            prop_assert_eq!(log.take(), std::mem::take(&mut model.events), "after {:?}", action);
            for (sleep, model_sleep) in sleeps.iter().zip(&model.sleeps) {
                if let (Some(sleep), Some(m)) = (sleep, model_sleep) {
                    let is_elapsed = any!(sleep, sleep => sleep.is_elapsed());
                    prop_assert_eq!(is_elapsed, m.deadline <= model.now[m.clock]);
                }
            }
        }
    }
}
