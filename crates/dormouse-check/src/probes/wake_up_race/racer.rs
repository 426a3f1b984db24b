//! An instance just before the poll in which its event is to happen, and what becomes of it afterwards.

use super::lost::LostCheck;
use crate::driver::{Drive, DriveOptions, DriveOutcome, Polled, fire_until_woken};
use crate::event::Event;
use crate::instance::{Events, Factory, LocalInstance};
use crate::probes::beside::Work;
use crate::task::{Task, TaskWaker};
use crate::timeline::PollResult;
use crate::timeout::Timeout;
use std::mem;
use std::sync::Arc;
use std::task::Waker;

/// How many polls in a row may wake their own task or return an item.
const MAX_POLLS: u32 = 1000;
/// How many times at most, at intervals of `SNAPSHOT_INTERVAL`, to check whether all other threads are asleep.
const MAX_QUIET_CHECKS: u32 = 50;

/// A poll in the life of an instance.
#[derive(Clone, Copy, Debug)]
pub(super) struct RacePoint {
    /// How many times it has waited for an event, and was woken.
    pub(super) waits: u32,
    /// How many polls there were since then.
    pub(super) polls: u32,
    /// Whether these polls have the waker of the raced poll. Otherwise each has a waker of its own.
    pub(super) same_waker: bool,
}

pub(super) struct Racer {
    instance: LocalInstance,
    /// The events after the raced one.
    events: Events,
    /// The waker of the raced poll.
    pub(super) waker: Arc<TaskWaker>,
    earlier_wakers: Vec<Arc<TaskWaker>>,
    /// Whether the raced poll follows no wake-up.
    pub(super) forced: bool,
    /// Whether it has returned an item.
    pub(super) items: bool,
    /// The number of the raced event.
    pub(super) event_number: u32,
}

impl RacePoint {
    /// Brings a new instance to this point, and takes out the event that is raced: the next one that wakes the task,
    /// together with the silent ones before it. `None` if there is no such point.
    pub(super) fn reach(
        self,
        factory: &Factory,
        task: &Arc<Task>,
        timeout: Timeout,
    ) -> Option<(Racer, Work)> {
        let (instance, events) = factory.create(task).ok()?;
        let waker = task.waker();
        let mut racer = Racer {
            instance,
            events,
            waker,
            earlier_wakers: Vec::new(),
            forced: false,
            items: false,
            event_number: 0,
        };
        for _ in 0..self.waits {
            racer.poll_until_waiting()?;
            fire_until_woken(&racer.waker, &mut racer.events, timeout, false);
            if !task.wait(timeout, || racer.waker.woken()) {
                return None;
            }
            racer.waker.reset();
        }
        for _ in 0..self.polls {
            match racer.instance.poll(&racer.waker, racer.forced) {
                PollResult::Item => (racer.items, racer.forced) = (true, false),
                PollResult::Pending => racer.forced = !racer.waker.woken(),
                _ => return None,
            }
            if !self.same_waker {
                racer.earlier_wakers.push(mem::replace(&mut racer.waker, task.waker()));
            }
            racer.waker.reset();
        }
        let event = racer.take_event()?;
        Some((racer, event))
    }
}

impl Racer {
    /// `None` if it ends before it waits.
    fn poll_until_waiting(&mut self) -> Option<()> {
        for _ in 0..MAX_POLLS {
            self.waker.reset();
            match self.instance.poll(&self.waker, false) {
                PollResult::Pending if self.waker.woken() => {}
                PollResult::Pending => return Some(()),
                PollResult::Item => self.items = true,
                _ => return None,
            }
        }
        None
    }

    fn take_event(&mut self) -> Option<Work> {
        let mut together = Vec::new();
        loop {
            let Event::Send(event) = self.events.take()? else { return None };
            together.push(event);
            if !self.events.last_is_silent() {
                self.event_number = self.events.fired();
                return Some(Box::new(move || together.into_iter().for_each(|event| event())));
            }
        }
    }

    /// The raced poll.
    pub(super) fn poll(&mut self, std_waker: &Waker) -> PollResult {
        self.instance.poll_with(&self.waker, std_waker, self.forced)
    }

    /// The raced poll, unrecorded.
    pub(super) fn poll_unrecorded(&mut self, std_waker: &Waker) -> PollResult {
        self.instance.poll_unrecorded(std_waker)
    }

    /// The number of a poll that was unrecorded, and is being added to the log.
    pub(super) fn count_poll(&mut self) -> u32 {
        self.instance.count_poll()
    }

    /// Whether there are no events after the raced one.
    pub(super) fn is_last_event(&self) -> bool {
        self.events.is_empty()
    }

    /// After the raced poll and its event: polls after wake-ups, as a correct executor does, and fires the other
    /// events. `quick` says that a wake-up that comes late may be taken for a missing one.
    pub(super) fn complete(
        &mut self,
        result: PollResult,
        check: LostCheck,
        probe_task: &Task,
        quick: bool,
    ) -> DriveOutcome {
        let mut polled = Polled {
            result,
            last: self.waker.clone(),
            others: mem::take(&mut self.earlier_wakers),
        };
        if polled.result == PollResult::Pending && !self.waker.woken() {
            let woken = if quick && !self.is_last_event() {
                check.wait_until_quiet(&self.waker, probe_task, MAX_QUIET_CHECKS)
            } else {
                check.wait(&self.waker, probe_task)
            };
            // The next event would hide that this one is lost. Where progress is not visible from outside, a forced
            // poll would hide it, too.
            if !woken && (check.waits.items || self.is_last_event()) {
                self.waker.task.comment(format!("nothing wakes {}", self.waker.id));
                let waker = self.waker.task.waker();
                let result = self.instance.poll(&waker, true);
                if result.made_progress() {
                    return DriveOutcome::LostWakeUp { other_woken: false };
                }
                polled = Polled { result, last: waker, others: Vec::new() };
            }
        }
        self.drive_on(polled, check.options)
    }

    fn drive_on(&mut self, polled: Polled, options: DriveOptions) -> DriveOutcome {
        let first = polled.last.clone();
        self.instance.drive_on(polled, &first, &mut self.events, options)
    }
}
