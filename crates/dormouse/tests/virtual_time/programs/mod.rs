//! Random programs, made of any bytes, against a model that is as simple as can be.
//!
//! Whoever is woken must be woken at the time that the model says, in its order, by the waker of the last poll, and not
//! twice. Random bytes come from the test here, and better ones from the fuzzer (`fuzz/`), which looks for those that
//! take new ways through the library.
#![allow(missing_docs, unreachable_pub, reason = "two crates have it as a module of theirs")]

mod model;
mod objects;

use dormouse::VirtualTime;
use dormouse::time::MissedTickBehavior;
use model::{Kind, Model, Object};
use objects::{Real, now, real};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, UNIX_EPOCH};

/// By clock: boot time, monotonic, the wall clock.
pub type Clocks = [u64; 3];
pub const BOOTTIME: usize = 0;
pub const MONOTONIC: usize = 1;
pub const REALTIME: usize = 2;

/// What the clocks show when a program starts. Each is ahead of what a machine shows that has been up for years.
const START: Clocks = [1 << 59, 1 << 58, 1 << 60];

/// How many objects a program may make.
const MOST_OBJECTS: usize = 64;
/// How often an object may be polled in one run of the tasks.
pub const MOST_POLLS: usize = 20;

/// A waker was called: that of which object, and of which of the two tasks that it may be in, when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wakeup {
    pub object: usize,
    pub task: usize,
    pub clocks: Clocks,
}

#[derive(Clone, Copy, Debug)]
pub enum Reset {
    To(u64),
    /// For intervals: to a period from now.
    Period,
    AtOnce,
}

#[derive(Clone, Copy, Debug)]
pub enum Step {
    Create {
        kind: Kind,
        clock: usize,
        after: u64,
        period: u64,
    },
    Poll {
        object: usize,
        task: usize,
    },
    /// To so long after the present.
    Reset {
        object: usize,
        after: Reset,
    },
    Slack {
        object: usize,
        slack: u64,
    },
    Missed {
        object: usize,
        behavior: MissedTickBehavior,
    },
    /// Has the future inside a timeout end.
    Finish {
        object: usize,
    },
    Drop {
        object: usize,
    },
    Advance {
        by: u64,
    },
    /// As `Advance`, but whoever is woken is polled before time goes on.
    RunTasks {
        by: u64,
    },
    /// `VirtualTime::block_on` a sleep.
    BlockOn {
        by: u64,
    },
    Suspend {
        by: u64,
    },
    SetWallClock {
        to: u64,
    },
}

struct Program<I>(I);

impl<I: Iterator<Item = u8>> Program<I> {
    /// What to do, and whether on another thread.
    fn step(&mut self, clocks: &Clocks, objects: usize) -> Option<(Step, bool)> {
        let code = self.byte()?;
        let elsewhere = code >= 0xf0;
        let object = |byte: u8| usize::from(byte).checked_rem(objects).unwrap_or(0);
        let step = match code % 16 {
            0..=2 => {
                let shape = usize::from(self.byte()?);
                Step::Create {
                    kind: [Kind::Sleep, Kind::Interval, Kind::Timeout, Kind::Aligned]
                        [shape / 3 % 4],
                    clock: shape % 3,
                    after: self.time()?,
                    period: self.time()?,
                }
            }
            3..=6 => {
                let which = self.byte()?;
                Step::Poll { object: object(which / 2), task: usize::from(which % 2) }
            }
            7 | 8 => {
                let object = object(self.byte()?);
                let after = match code / 16 {
                    0 => Reset::Period,
                    1 => Reset::AtOnce,
                    _ => Reset::To(self.time()?),
                };
                Step::Reset { object, after }
            }
            9 => {
                let object = object(self.byte()?);
                match code / 16 % 4 {
                    0 => Step::Missed { object, behavior: MissedTickBehavior::Burst },
                    1 => Step::Missed { object, behavior: MissedTickBehavior::Delay },
                    2 => Step::Missed { object, behavior: MissedTickBehavior::Skip },
                    _ => Step::Finish { object },
                }
            }
            10 => Step::Slack { object: object(self.byte()?), slack: self.time()? },
            11 => Step::Drop { object: object(self.byte()?) },
            12 => match code / 16 % 2 {
                0 => Step::Suspend { by: self.time()? },
                _ => {
                    let by = self.time()?;
                    let now = clocks[REALTIME];
                    let to = if code & 0x20 == 0 {
                        now.saturating_sub(by)
                    } else {
                        now.saturating_add(by)
                    };
                    Step::SetWallClock { to }
                }
            },
            13 => Step::RunTasks { by: self.time()? },
            // No sleep that never ends.
            14 => Step::BlockOn { by: u64::from(self.byte()?) << (self.byte()? % 32) },
            _ => Step::Advance { by: self.time()? },
        };
        Some((step, elsewhere))
    }

    fn byte(&mut self) -> Option<u8> {
        self.0.next()
    }

    /// A duration in ns: small, so that deadlines meet, or of any scale.
    fn time(&mut self) -> Option<u64> {
        let byte = self.byte()?;
        Some(match byte / 16 {
            0..=7 => u64::from(byte % 32),
            // The unit of slack.
            8 | 9 => u64::from(byte % 32) * 78_125,
            // Multiples of the tolerance of intervals.
            10 | 11 => u64::from(byte % 32) * 1_000_000,
            12 | 13 => u64::from(self.byte()?) << (byte % 32),
            14 => u64::from(self.byte()?) << (byte % 16 + 32),
            _ => u64::MAX >> (byte % 16),
        })
    }
}

/// Runs a program. What is no program any more ends it.
///
/// # Panics
/// If the library does something else than the model.
pub fn check(program: &[u8]) {
    let mut program = Program(program.iter().copied());
    let mut run = Run::new();
    while let Some((step, elsewhere)) = program.step(&run.model.now, run.model.objects.len()) {
        if elsewhere {
            std::thread::scope(|scope| scope.spawn(|| run.step(step)).join()).unwrap();
        } else {
            run.step(step);
        }
    }
}

type Log = Arc<Mutex<Vec<Wakeup>>>;

/// A task that logs that it was woken.
struct Task {
    object: usize,
    task: usize,
    time: VirtualTime,
    log: Log,
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        let _entered = self.time.enter();
        let wakeup = Wakeup { object: self.object, task: self.task, clocks: now() };
        self.log.lock().unwrap().push(wakeup);
    }
}

struct Run {
    time: VirtualTime,
    model: Model,
    /// None once dropped.
    objects: Vec<Option<Box<dyn Real>>>,
    wakers: Vec<[Waker; 2]>,
    log: Log,
}

impl Run {
    fn new() -> Run {
        let time = VirtualTime::new();
        let read = || {
            let _entered = time.enter();
            now()
        };
        // The same times in each run, or slack would round differently.
        time.advance_now(Duration::from_nanos(START[MONOTONIC] - read()[MONOTONIC]));
        time.suspend(Duration::from_nanos(START[BOOTTIME] - read()[BOOTTIME]));
        time.set_wall_clock(UNIX_EPOCH + Duration::from_nanos(START[REALTIME]));
        assert_eq!(read(), START);
        let model = Model::new(START);
        Run { time, model, objects: Vec::new(), wakers: Vec::new(), log: Log::default() }
    }

    fn step(&mut self, step: Step) {
        let _entered = self.time.enter();
        match step {
            Step::Create { .. } if self.objects.len() == MOST_OBJECTS => return,
            Step::Create { kind, clock, after, period } => {
                let object = Object::new(kind, clock, after, period, &self.model.now);
                self.model.objects.push(Some(object));
                self.create(real(kind, clock, after, period));
            }
            Step::Poll { object, task } => self.poll(object, task),
            Step::Reset { object, after } => self.with(object, |model, object, real| {
                if real.reset(after) {
                    model.reset(object, after);
                }
            }),
            Step::Slack { object, slack } => self.with(object, |model, object, real| {
                if real.slack(Duration::from_nanos(slack)) {
                    model.slack(object, slack);
                }
            }),
            Step::Missed { object, behavior } => self.with(object, |model, object, real| {
                real.missed(behavior);
                model.get(object).missed = behavior;
            }),
            Step::Finish { object } => self.with(object, |model, object, real| {
                real.finish();
                model.get(object).finished = true;
            }),
            Step::Drop { object } if object < self.objects.len() => {
                self.model.objects[object] = None;
                self.objects[object] = None;
            }
            Step::Drop { .. } => {}
            Step::Advance { by } => {
                self.model.advance(by);
                self.time.advance_now(Duration::from_nanos(by));
            }
            Step::RunTasks { by } => self.run_tasks(by),
            Step::BlockOn { by } => {
                let by = by.min(self.model.left());
                self.model.advance(by);
                self.time.block_on(async { dormouse::sleep(Duration::from_nanos(by)).await });
            }
            Step::Suspend { by } => {
                self.model.suspend(by);
                self.time.suspend(Duration::from_nanos(by));
            }
            Step::SetWallClock { to } => {
                self.model.set_wall_clock(to);
                self.time.set_wall_clock(UNIX_EPOCH + Duration::from_nanos(to));
            }
        }
        assert_eq!(now(), self.model.now, "after {step:?}");
        let woken = std::mem::take(&mut *self.log.lock().unwrap());
        assert_eq!(woken, self.model.take_wakeups(), "by {step:?}");
        for (real, object) in self.objects.iter().zip(&self.model.objects) {
            if let (Some(real), Some(object)) = (real, object) {
                let elapsed = object.deadline <= self.model.now[object.clock];
                assert!(real.is_elapsed().is_none_or(|is| is == elapsed), "{object:?}");
            }
        }
    }

    fn create(&mut self, real: Box<dyn Real>) {
        let object = self.objects.len();
        self.objects.push(Some(real));
        self.wakers.push([0, 1].map(|task| {
            let (time, log) = (self.time.clone(), self.log.clone());
            Waker::from(Arc::new(Task { object, task, time, log }))
        }));
    }

    fn with(&mut self, object: usize, f: impl FnOnce(&mut Model, usize, &mut dyn Real)) {
        if let Some(Some(real)) = self.objects.get_mut(object) {
            f(&mut self.model, object, &mut **real);
        }
    }

    fn poll(&mut self, object: usize, task: usize) {
        let Some(Some(real)) = self.objects.get_mut(object) else { return };
        let waker = &self.wakers[object][task];
        assert_eq!(real.poll(&mut Context::from_waker(waker)), self.model.poll(object, task));
    }

    /// Advances, as an executor does it that has nothing else to do.
    fn run_tasks(&mut self, by: u64) {
        self.model.run_tasks(by);
        let mut left = vec![MOST_POLLS; self.objects.len()];
        let mut advance = pin!(self.time.advance(Duration::from_nanos(by)));
        let mut seen = 0;
        loop {
            let ended = advance.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_ready();
            loop {
                let Some(Wakeup { object, task, .. }) = self.log.lock().unwrap().get(seen).copied()
                else {
                    break;
                };
                seen += 1;
                let Some(real) = &mut self.objects[object] else { continue };
                let waker = &self.wakers[object][task];
                while left[object] > 0 {
                    left[object] -= 1;
                    let polled = real.poll(&mut Context::from_waker(waker));
                    assert_eq!(Some(polled), self.model.polled.pop_front());
                    if polled.is_pending() || self.model.objects[object].as_ref().unwrap().ends() {
                        break;
                    }
                }
            }
            if ended {
                break;
            }
        }
        assert_eq!(self.model.polled, [], "not woken");
    }
}
