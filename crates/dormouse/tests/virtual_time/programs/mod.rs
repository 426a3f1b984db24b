//! Random programs in virtual time, decoded from bytes and checked against an [oracle](oracle::Oracle).
//!
//! Each task must be woken once, by the waker of its last poll, at the time and in the order that the oracle says. The
//! bytes are random in the test `random`; the fuzzer (`fuzz/`) searches for bytes that reach new code of the library.
#![allow(missing_docs, unreachable_pub, reason = "a module of the tests and of the fuzz crate")]

mod objects;
mod oracle;

use dormouse::VirtualTime;
use dormouse::time::MissedTickBehavior;
use objects::{Waitable, create, now};
use oracle::{Kind, Object, Oracle};
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Wake, Waker};
use std::time::{Duration, UNIX_EPOCH};

/// Nanoseconds on the boot-time, the monotonic and the wall clock.
pub type Clocks = [u64; 3];
pub const BOOTTIME: usize = 0;
pub const MONOTONIC: usize = 1;
pub const REALTIME: usize = 2;

/// What the clocks read when a program starts. The first two only advance, so they start above the uptime of any machine
/// (18 and 9 years).
const START: Clocks = [1 << 59, 1 << 58, 1 << 60];

/// How many objects a program may create.
const MAX_OBJECTS: usize = 64;
/// How often an object may be polled in one `RunTasks`.
pub const MAX_POLLS: usize = 20;

/// A call of a waker: of which object, of which of the two tasks that may wait for it, and at what time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wakeup {
    pub object: usize,
    pub task: usize,
    pub clocks: Clocks,
}

#[derive(Clone, Copy, Debug)]
pub enum Reset {
    /// To a time from now, in ns.
    After(u64),
    /// For intervals: to one period from now.
    Period,
    Immediately,
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
    Reset {
        object: usize,
        after: Reset,
    },
    SetSlack {
        object: usize,
        slack: u64,
    },
    SetMissedTickBehavior {
        object: usize,
        behavior: MissedTickBehavior,
    },
    SetPeriod {
        object: usize,
        period: u64,
    },
    /// Makes the future inside a timeout ready.
    Finish {
        object: usize,
    },
    Drop {
        object: usize,
    },
    Advance {
        by: u64,
    },
    /// As `Advance`, but an object that is woken is polled before time advances further.
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
    /// Decodes the next step, and whether it runs on another thread. `None` at the end of the bytes.
    fn step(&mut self, clocks: &Clocks, objects: usize) -> Option<(Step, bool)> {
        let code = self.byte()?;
        let on_other_thread = code >= 0xf0;
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
                    1 => Reset::Immediately,
                    _ => Reset::After(self.time()?),
                };
                Step::Reset { object, after }
            }
            9 => {
                let object = object(self.byte()?);
                match code / 16 % 5 {
                    0 => {
                        Step::SetMissedTickBehavior { object, behavior: MissedTickBehavior::Burst }
                    }
                    1 => {
                        Step::SetMissedTickBehavior { object, behavior: MissedTickBehavior::Delay }
                    }
                    2 => Step::SetMissedTickBehavior { object, behavior: MissedTickBehavior::Skip },
                    3 => Step::SetPeriod { object, period: self.time()? },
                    _ => Step::Finish { object },
                }
            }
            10 => Step::SetSlack { object: object(self.byte()?), slack: self.time()? },
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
            // Bounded: `block_on` of a sleep that never completes would hang.
            14 => Step::BlockOn { by: u64::from(self.byte()?) << (self.byte()? % 32) },
            _ => Step::Advance { by: self.time()? },
        };
        Some((step, on_other_thread))
    }

    fn byte(&mut self) -> Option<u8> {
        self.0.next()
    }

    /// A duration in ns: small, so that deadlines coincide, or of any magnitude.
    fn time(&mut self) -> Option<u64> {
        let byte = self.byte()?;
        Some(match byte / 16 {
            0..=7 => u64::from(byte % 32),
            // Multiples of the unit of slack.
            8 | 9 => u64::from(byte % 32) * 78_125,
            // Multiples of 1 ms, around the tolerance of intervals.
            10 | 11 => u64::from(byte % 32) * 1_000_000,
            12 | 13 => u64::from(self.byte()?) << (byte % 32),
            14 => u64::from(self.byte()?) << (byte % 16 + 32),
            _ => u64::MAX >> (byte % 16),
        })
    }
}

/// Runs a program, up to the first step that is incomplete.
///
/// # Panics
/// If the library and the oracle differ.
pub fn check(program: &[u8]) {
    let mut program = Program(program.iter().copied());
    let mut run = Run::new();
    while let Some((step, on_other_thread)) =
        program.step(&run.oracle.now, run.oracle.objects.len())
    {
        if on_other_thread {
            std::thread::scope(|scope| scope.spawn(|| run.step(step)).join()).unwrap();
        } else {
            run.step(step);
        }
    }
}

type Log = Arc<Mutex<Vec<Wakeup>>>;

/// A waker that logs its calls.
struct LogWaker {
    object: usize,
    task: usize,
    time: VirtualTime,
    log: Log,
}

impl Wake for LogWaker {
    fn wake(self: Arc<Self>) {
        let _entered = self.time.enter();
        let wakeup = Wakeup { object: self.object, task: self.task, clocks: now() };
        self.log.lock().unwrap().push(wakeup);
    }
}

struct Run {
    time: VirtualTime,
    oracle: Oracle,
    /// `None` once dropped.
    objects: Vec<Option<Box<dyn Waitable>>>,
    /// By object and task.
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
        // Each run starts at the same time, because slack rounds deadlines by the absolute time.
        time.advance_now(Duration::from_nanos(START[MONOTONIC] - read()[MONOTONIC]));
        time.suspend(Duration::from_nanos(START[BOOTTIME] - read()[BOOTTIME]));
        time.set_wall_clock(UNIX_EPOCH + Duration::from_nanos(START[REALTIME]));
        assert_eq!(read(), START);
        let oracle = Oracle::new(START);
        Run { time, oracle, objects: Vec::new(), wakers: Vec::new(), log: Log::default() }
    }

    fn step(&mut self, step: Step) {
        let _entered = self.time.enter();
        match step {
            Step::Create { .. } if self.objects.len() == MAX_OBJECTS => return,
            Step::Create { kind, clock, after, period } => {
                let object = Object::new(kind, clock, after, period, &self.oracle.now);
                self.oracle.objects.push(Some(object));
                self.add(create(kind, clock, after, period));
            }
            Step::Poll { object, task } => self.poll(object, task),
            Step::Reset { object, after } => self.with(object, |oracle, object, actual| {
                if actual.reset(after) {
                    oracle.reset(object, after);
                }
            }),
            Step::SetSlack { object, slack } => self.with(object, |oracle, object, actual| {
                if actual.set_slack(Duration::from_nanos(slack)) {
                    oracle.set_slack(object, slack);
                }
            }),
            Step::SetMissedTickBehavior { object, behavior } => {
                self.with(object, |oracle, object, actual| {
                    actual.set_missed_tick_behavior(behavior);
                    oracle.get(object).missed_tick_behavior = behavior;
                })
            }
            Step::SetPeriod { object, period } => self.with(object, |oracle, object, actual| {
                if actual.set_period(Duration::from_nanos(period)) {
                    oracle.get(object).period = period.max(1);
                }
            }),
            Step::Finish { object } => self.with(object, |oracle, object, actual| {
                actual.finish();
                oracle.get(object).finished = true;
            }),
            Step::Drop { object } if object < self.objects.len() => {
                self.oracle.objects[object] = None;
                self.objects[object] = None;
            }
            Step::Drop { .. } => {}
            Step::Advance { by } => {
                self.oracle.advance(by);
                self.time.advance_now(Duration::from_nanos(by));
            }
            Step::RunTasks { by } => self.run_tasks(by),
            Step::BlockOn { by } => {
                let by = by.min(self.oracle.remaining());
                self.oracle.advance(by);
                self.time.block_on(async { dormouse::sleep(Duration::from_nanos(by)).await });
            }
            Step::Suspend { by } => {
                self.oracle.suspend(by);
                self.time.suspend(Duration::from_nanos(by));
            }
            Step::SetWallClock { to } => {
                self.oracle.set_wall_clock(to);
                self.time.set_wall_clock(UNIX_EPOCH + Duration::from_nanos(to));
            }
        }
        assert_eq!(now(), self.oracle.now, "after {step:?}");
        let woken = std::mem::take(&mut *self.log.lock().unwrap());
        assert_eq!(woken, self.oracle.take_wakeups(), "by {step:?}");
        for (actual, expected) in self.objects.iter().zip(&self.oracle.objects) {
            if let (Some(actual), Some(expected)) = (actual, expected) {
                let elapsed = expected.deadline <= self.oracle.now[expected.clock];
                assert!(actual.is_elapsed().is_none_or(|is| is == elapsed), "{expected:?}");
            }
        }
    }

    fn add(&mut self, actual: Box<dyn Waitable>) {
        let object = self.objects.len();
        self.objects.push(Some(actual));
        self.wakers.push([0, 1].map(|task| {
            let (time, log) = (self.time.clone(), self.log.clone());
            Waker::from(Arc::new(LogWaker { object, task, time, log }))
        }));
    }

    fn with(&mut self, object: usize, f: impl FnOnce(&mut Oracle, usize, &mut dyn Waitable)) {
        if let Some(Some(actual)) = self.objects.get_mut(object) {
            f(&mut self.oracle, object, &mut **actual);
        }
    }

    fn poll(&mut self, object: usize, task: usize) {
        let Some(Some(actual)) = self.objects.get_mut(object) else { return };
        let waker = &self.wakers[object][task];
        assert_eq!(actual.poll(&mut Context::from_waker(waker)), self.oracle.poll(object, task));
    }

    /// Advances as an executor with no other tasks does.
    fn run_tasks(&mut self, by: u64) {
        self.oracle.run_tasks(by);
        let mut polls_left = vec![MAX_POLLS; self.objects.len()];
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
                let Some(actual) = &mut self.objects[object] else { continue };
                let waker = &self.wakers[object][task];
                while polls_left[object] > 0 {
                    polls_left[object] -= 1;
                    let polled = actual.poll(&mut Context::from_waker(waker));
                    assert_eq!(Some(polled), self.oracle.polled.pop_front());
                    if polled.is_pending()
                        || self.oracle.objects[object].as_ref().unwrap().is_one_shot()
                    {
                        break;
                    }
                }
            }
            if ended {
                break;
            }
        }
        assert_eq!(self.oracle.polled, [], "no wake-up led to these polls");
    }
}
