//! Two futures that wait for one thing: one of them is woken, and dropped before it is polled. The other one must get
//! what the first was woken for.
//!
//! A `select!` drops a future that has been woken whenever another branch is ready first. If the permit, the connection
//! or the wake-up is lost with it, the next waiter sleeps for ever, although the resource is free.
//!
//! # Invariants
//! - A schedule is tried only if the other future completes where the first is dropped before the event: then the event
//!   is enough for it, and nothing but the drop after the wake-up makes the difference.

use crate::driver::{AFTER_EVENT, Drive, DriveOutcome};
use crate::finding::{Finding, FindingTexts};
use crate::instance::{Events, Factory, LocalInstance};
use crate::kind::Kind;
use crate::probes::context::ProbeContext;
use crate::task::{Task, TaskWaker};
use crate::timeline::PollResult;
use crate::timeout::Timeout;
use crate::watchdog::Outcome;
use std::sync::Arc;
use std::time::Instant;

/// The name of the probe in the report.
pub(crate) const NAME: &str = "woken, and dropped without a poll";

pub(crate) static TEXTS: FindingTexts = FindingTexts {
    contract: "A future that has been woken may be dropped instead of polled: `select!` does that. What it was woken for \
               must reach the next waiter.",
    mend: "In `Drop`, check whether the future has been woken and not polled since. If so, give back what it was woken \
           for (the permit, the message), and wake the next waiter. If the event is for all waiters (a flag, the end of a \
           channel), wake each of them.",
};

/// The order of what happens. The first future has been polled before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The other future is polled.
    Poll,
    /// The events are fired, one after the other, until one of the two is woken.
    Event,
    /// The future that was woken is dropped; the first one, if none was woken.
    Drop,
}

/// A schedule, and the one that shows whether its event is enough for the other future.
struct Schedule {
    steps: [Step; 3],
    control: [Step; 3],
    description: &'static str,
}

const SCHEDULES: [Schedule; 3] = {
    use Step::{Drop, Event, Poll};
    [
        Schedule {
            steps: [Poll, Event, Drop],
            control: [Poll, Drop, Event],
            description: "both wait; one is woken, and dropped before it is polled",
        },
        Schedule {
            steps: [Event, Poll, Drop],
            control: [Drop, Event, Poll],
            description: "one is woken; the other begins to wait; the first is dropped before it is polled",
        },
        Schedule {
            steps: [Event, Drop, Poll],
            control: [Drop, Event, Poll],
            description: "one is woken, and dropped before it is polled; then the other begins to wait",
        },
    ]
};

/// What became of the other future; or the panic of a destructor.
type Played = Result<DriveOutcome, String>;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let mut compared = false;
    for schedule in &SCHEDULES {
        let began = Instant::now();
        let control = play(context, schedule.control, 0, &Task::without_backtraces());
        if !matches!(control, Some(Ok(DriveOutcome::Ready))) {
            continue;
        }
        let ready_time = context.max_ready_time.get().max(began.elapsed());
        context.max_ready_time.set(ready_time);
        compared = true;
        let finding = context.confirmed(|attempt| broken(context, schedule, attempt));
        if finding.is_some() {
            return finding;
        }
    }
    if !compared {
        let reason = "nothing to compare with: the second future is not ready after the events of the closure, even if \
                      the first is dropped before the events";
        context.leave_out(NAME, reason);
    }
    None
}

fn broken(context: &ProbeContext, schedule: &Schedule, attempt: u32) -> Option<Finding> {
    let task = Task::new();
    let (kind, effect) = match play(context, schedule.steps, attempt, &task)? {
        Ok(DriveOutcome::LostWakeUp { .. }) => (
            Kind::LostWakeUp,
            "the other is never woken, but a forced poll makes progress".to_owned(),
        ),
        Ok(DriveOutcome::NeverReady) => (Kind::NeverReady, "the other is never ready".to_owned()),
        Ok(DriveOutcome::WrongOutput) => {
            (Kind::WrongOutput, "the output of the other is wrong".to_owned())
        }
        Ok(DriveOutcome::Panicked(panic)) => (Kind::Panics, format!("the other panics: {panic}")),
        Ok(DriveOutcome::Ready | DriveOutcome::BusyWake(_)) => return None,
        Err(panic) => (Kind::PanicOnDrop, format!("that drop panics: {panic}")),
    };
    let finding = Finding::new(kind, format!("of two futures, {}: {effect}", schedule.description));
    let finding = finding.with_log(&task.log());
    Some(match kind {
        Kind::LostWakeUp | Kind::NeverReady => finding.with_texts(&TEXTS),
        _ => finding,
    })
}

/// `None` if the schedule cannot be played.
fn play(
    context: &ProbeContext,
    steps: [Step; 3],
    attempt: u32,
    task: &Arc<Task>,
) -> Option<Played> {
    let timeout = context.wake_timeout(attempt);
    let outcome = context.run(task, move |factory, task| {
        let mut pair = Pair::new(factory, task, timeout)?;
        for step in steps {
            match step {
                Step::Poll => pair.poll_other()?,
                Step::Event => pair.fire()?,
                Step::Drop => {
                    if let Err(panic) = pair.drop_woken() {
                        return Some(Err(panic));
                    }
                }
            }
        }
        Some(Ok(pair.complete_other()))
    });
    match outcome {
        Outcome::Done(played) => played,
        _ => None,
    }
}

/// A future with its waker.
struct Waiter {
    instance: LocalInstance,
    waker: Arc<TaskWaker>,
    name: &'static str,
    /// The result of the last poll; `Pending` if there was none.
    result: PollResult,
    polled: bool,
    dropped: bool,
}

struct Pair {
    first: Waiter,
    other: Waiter,
    events: Events,
    task: Arc<Task>,
    timeout: Timeout,
}

impl Waiter {
    fn new(instance: LocalInstance, task: &Arc<Task>, name: &'static str) -> Waiter {
        let (waker, result) = (task.waker(), PollResult::Pending);
        Waiter { instance, waker, name, result, polled: false, dropped: false }
    }

    fn poll(&mut self) {
        self.waker.task.comment(format!("the {} future:", self.name));
        self.waker.reset();
        self.result = self.instance.poll(&self.waker, false);
        self.polled = true;
    }
}

impl Pair {
    /// A pair whose first future waits.
    fn new(factory: &Factory, task: &Arc<Task>, timeout: Timeout) -> Option<Pair> {
        let ([first, second], events) = factory.create_pair(task)?.ok()?;
        let first = Waiter::new(first, task, "first");
        let other = Waiter::new(second, task, "second");
        let mut pair = Pair { first, other, events, task: task.clone(), timeout };
        pair.first.poll();
        (pair.first.result == PollResult::Pending).then_some(pair)
    }

    fn poll_other(&mut self) -> Option<()> {
        self.other.poll();
        let valid = matches!(self.other.result, PollResult::Pending | PollResult::Ready);
        valid.then_some(())
    }

    /// `None` if no future is woken, though one of them waits.
    fn fire(&mut self) -> Option<()> {
        let (first, other) = (self.first.waker.clone(), self.other.waker.clone());
        let woken = || first.woken() || other.woken();
        let waits = !self.first.dropped || self.other.polled;
        while !woken() && self.events.fire(self.timeout, || false) {
            let wait = if waits { self.timeout } else { AFTER_EVENT };
            self.task.wait(wait, woken);
        }
        (woken() || !waits).then_some(())
    }

    fn drop_woken(&mut self) -> Result<(), String> {
        if self.other.waker.woken() && !self.first.waker.woken() {
            std::mem::swap(&mut self.first, &mut self.other);
        }
        self.task.comment(format!("the {} future:", self.first.name));
        self.first.dropped = true;
        self.first.instance.drop_inner()
    }

    /// Polls the other future after wake-ups.
    fn complete_other(mut self) -> DriveOutcome {
        loop {
            match self.other.result.clone() {
                PollResult::Pending | PollResult::Item => {}
                PollResult::Ready => return DriveOutcome::Ready,
                PollResult::WrongOutput => return DriveOutcome::WrongOutput,
                PollResult::Panicked(panic) => return DriveOutcome::Panicked(panic),
            }
            let waker = self.other.waker.clone();
            if !self.task.wait(self.timeout, || waker.woken()) {
                return self.other.instance.force(&waker, &[], self.timeout);
            }
            self.other.poll();
        }
    }
}
