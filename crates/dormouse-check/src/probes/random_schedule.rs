//! Random interleavings of polls and events.
//!
//! A schedule is derived from a seed, so a finding can be repeated: see `Check::seed`. Some polls of a schedule follow no
//! wake-up, or have another waker. An event happens between two polls or at a clone of the waker; in some schedules
//! also while the task is woken and has not been polled yet, so that several events happen before one poll.
//!
//! # Invariants
//! - After the last step of a schedule, the instance is driven as by a correct executor. Only then is a wake-up missed.
//! - A future may be written for events that happen while it waits, one after the other. So a schedule with other events
//!   proves a missing wake-up, but not that an output is wrong.

use crate::driver::{Drive, DriveOptions, DriveOutcome, Polled};
use crate::event::Event;
use crate::finding::Finding;
use crate::instance::Factory;
use crate::kind::Kind;
use crate::panics;
use crate::probes::context::ProbeContext;
use crate::probes::firing::Firing;
use crate::task::Task;
use crate::timeline::PollResult;
use crate::watchdog::Outcome;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The name of the probe in the report.
pub(crate) const NAME: &str = "random schedules";
/// How many schedules are tried, and for how long at most. With a given seed, all of them are: then the load of the machine
/// makes no difference.
const SCHEDULES: u64 = 32;
const TIME_LIMIT: Duration = Duration::from_millis(400);
/// The number of steps of a schedule.
const STEPS: u32 = 12;

/// What a schedule does at a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Polls if the task is woken; waits for that, and fires the next event, if it is not.
    Fair,
    /// Polls, woken or not.
    Poll { new_waker: bool },
    /// Fires the next event, though the task is woken.
    EarlyEvent,
    /// Polls, and fires the next event at a clone.
    EventAtClone,
}

/// The steps of a schedule whose events happen while the future waits.
const WHILE_WAITING: [Step; 3] =
    [Step::Fair, Step::Poll { new_waker: false }, Step::Poll { new_waker: true }];
/// The steps of another schedule.
const AT_ANY_TIME: [Step; 5] = [
    Step::Fair,
    Step::Poll { new_waker: true },
    Step::EarlyEvent,
    Step::EarlyEvent,
    Step::EventAtClone,
];

/// SplitMix64: each seed gives another sequence.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

/// The steps of a schedule, and whether each of its events happens while the future waits.
fn schedule(seed: u64) -> (Vec<Step>, bool) {
    let mut random = Random(seed);
    let only_waiting = random.next() % 3 == 0;
    let choices: &[Step] = if only_waiting { &WHILE_WAITING } else { &AT_ANY_TIME };
    let mut steps = vec![Step::Fair];
    steps.extend((1..STEPS).map(|_| choices[(random.next() % choices.len() as u64) as usize]));
    (steps, only_waiting)
}

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let options = context.drive_options(0);
    let set = context.settings.seed;
    let first = set.unwrap_or_else(|| RandomState::new().build_hasher().finish());
    let outcome = context.run(&Task::without_backtraces(), move |factory, probe_task| {
        let began = Instant::now();
        for number in 0..SCHEDULES {
            let enough = set.is_none() && number > 0 && began.elapsed() > TIME_LIMIT;
            if enough || probe_task.is_abandoned() {
                break;
            }
            let seed = first.wrapping_add(number);
            let task = Task::without_backtraces();
            let (outcome, events) = play(factory, &task, seed, options)?;
            probe_task.heartbeat();
            if !events {
                return None;
            }
            if kind(&outcome, seed).is_some() {
                return Some(Some((seed, outcome)));
            }
        }
        Some(None)
    });
    match outcome {
        Outcome::Done(Some(Some((seed, outcome)))) => confirm(context, seed, &outcome),
        Outcome::Done(None) => {
            context.leave_out(NAME, "it has no events");
            None
        }
        _ => None,
    }
}

fn confirm(context: &ProbeContext, seed: u64, suspicion: &DriveOutcome) -> Option<Finding> {
    let mut finding = None;
    for attempt in 1..3 {
        let options = context.drive_options(attempt);
        let task = Task::new();
        let outcome = context.run(&task, move |factory, task| play(factory, task, seed, options));
        let Outcome::Done(Some((outcome, _))) = outcome else { return None };
        if mem::discriminant(&outcome) != mem::discriminant(suspicion) {
            context.unconfirmed.borrow_mut().extend(finding);
            return None;
        }
        let (kind, headline) = kind(&outcome, seed)?;
        finding = Some(Finding::new(kind, headline).with_log(&task.log()));
    }
    finding.map(|finding| {
        finding.with_detail(format!("a random schedule; `Check::seed({seed:#x})` repeats it"))
    })
}

/// What an outcome of the schedule proves, if anything.
fn kind(outcome: &DriveOutcome, seed: u64) -> Option<(Kind, String)> {
    let (steps, only_waiting) = schedule(seed);
    Some(match outcome {
        DriveOutcome::LostWakeUp { .. } if steps.contains(&Step::EventAtClone) => (
            Kind::WakeUpRace,
            "after events at random moments, no wake-up, but a forced poll makes progress".into(),
        ),
        DriveOutcome::LostWakeUp { .. } => (
            Kind::LostWakeUp,
            "after polls and events in random order, no wake-up, but a forced poll makes progress"
                .into(),
        ),
        DriveOutcome::NeverReady if only_waiting => {
            (Kind::SpuriousPoll, "after polls without a wake-up, it is never ready".into())
        }
        DriveOutcome::WrongOutput if only_waiting => {
            (Kind::SpuriousPoll, "after polls without a wake-up, its output is wrong".into())
        }
        DriveOutcome::Panicked(panic) if only_waiting => {
            (Kind::SpuriousPoll, format!("after polls without a wake-up, it panics: {panic}"))
        }
        _ => return None,
    })
}

/// Plays the schedule. Returns the outcome, and whether there are events; `None` if no instance is created.
fn play(
    factory: &Factory,
    task: &Arc<Task>,
    seed: u64,
    options: DriveOptions,
) -> Option<(DriveOutcome, bool)> {
    let (mut instance, mut events) = factory.create(task).ok()?;
    let has_events = !events.is_empty();
    let timeout = options.wake_timeout;
    let mut waker = task.waker();
    // Not polled yet: it is to be polled, as if it was woken.
    let (mut result, mut polled) = (PollResult::Pending, false);
    for step in schedule(seed).0 {
        let woken = !polled || waker.woken();
        if events.is_empty() && !woken {
            // A forced poll would hide that a wake-up is missing.
            break;
        }
        let fire = match step {
            Step::EarlyEvent => true,
            Step::Fair => !woken,
            Step::Poll { .. } | Step::EventAtClone => false,
        };
        if fire {
            events.fire(timeout, || false);
            if !woken && !events.last_is_silent() && !task.wait(timeout, || waker.woken()) {
                break;
            }
            continue;
        }
        if step == (Step::Poll { new_waker: true }) && polled {
            waker = task.waker();
        }
        waker.reset();
        let event = if step == Step::EventAtClone { events.take() } else { None };
        result = match event {
            Some(Event::Send(event)) => {
                let firing = Firing::new(event, events.fired(), task);
                let result = instance.poll_with(&waker, &firing.waker(&waker, 0), !woken);
                // If there was no clone, it happens after the poll.
                firing.fire();
                result
            }
            Some(Event::Local(event)) => {
                task.event_fired(events.fired());
                let _ = panics::catch(event);
                instance.poll(&waker, !woken)
            }
            None => instance.poll(&waker, !woken),
        };
        polled = true;
        if result.made_progress() {
            if result != PollResult::Item {
                break;
            }
            // The next poll of the stream follows at once.
            polled = false;
        }
    }
    let first = waker.clone();
    let outcome = if polled {
        let polled = Polled { result, last: waker, others: Vec::new() };
        instance.drive_on(polled, &first, &mut events, options)
    } else {
        instance.drive(&mut events, options)
    };
    Some((outcome, has_events))
}
