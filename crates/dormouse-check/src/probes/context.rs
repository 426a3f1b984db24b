//! What the probes share: the future under test, the settings, and how long to wait.

use crate::child::Place;
use crate::driver::{Drive, DriveOptions, DriveOutcome, WakerPattern};
use crate::finding::Finding;
use crate::instance::Factory;
use crate::probes::attempt::{self, Attempt};
use crate::process;
use crate::settings::Settings;
use crate::task::Task;
use crate::timeout::{Budget, Timeout};
use crate::watchdog::{self, Limits, Outcome};
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use std::time::Duration;

/// How long to wait beyond the time that the future takes to be ready.
const MARGIN: Timeout = Timeout(15);

pub(crate) struct ProbeContext {
    pub(crate) factory: Factory,
    pub(crate) settings: Settings,
    /// The check, in its test.
    pub(crate) place: Place,
    /// No probe can run in a child process.
    pub(crate) no_child: Cell<bool>,
    /// What remains of the time limit.
    pub(crate) budget: Budget,
    /// The longest and the shortest time that an instance took to be ready when it was polled continuously.
    pub(crate) max_ready_time: Cell<Duration>,
    pub(crate) min_ready_time: Cell<Duration>,
    /// The id of the thread that runs the check, and waits for the threads of the probes.
    pub(crate) caller: Option<u32>,
    /// How many polls in a row may wake their own task.
    pub(crate) max_self_wakes: Cell<u32>,
    /// A poll has not returned. It is assumed that others would not return either.
    pub(crate) poll_hung: Cell<bool>,
    /// What the current probe could not try, and why.
    pub(crate) left_out: RefCell<Vec<(&'static str, String)>>,
    /// It is not ready, however often it is polled.
    pub(crate) never_ready: Cell<bool>,
    /// Findings that a further attempt has not confirmed.
    pub(crate) unconfirmed: RefCell<Vec<Finding>>,
}

impl ProbeContext {
    pub(crate) fn new(factory: Factory, settings: Settings, place: Place) -> ProbeContext {
        let budget = Budget::new(settings.time_limit);
        ProbeContext {
            max_self_wakes: Cell::new(settings.max_self_wakes),
            factory,
            settings,
            place,
            no_child: Cell::new(false),
            budget,
            max_ready_time: Cell::default(),
            min_ready_time: Cell::default(),
            caller: process::current_thread_id(),
            poll_hung: Cell::new(false),
            left_out: RefCell::default(),
            never_ready: Cell::new(false),
            unconfirmed: RefCell::default(),
        }
    }

    /// Lists a probe, or a part of one, as skipped.
    pub(crate) fn leave_out(&self, name: &'static str, reason: impl Into<String>) {
        self.left_out.borrow_mut().push((name, reason.into()));
    }

    /// How long to wait for a wake-up, doubled with each attempt.
    pub(crate) fn wake_timeout(&self, attempt: u32) -> Timeout {
        Timeout::at_least(self.max_ready_time.get()).times(2).plus(MARGIN).times(1 << attempt)
    }

    /// How long one run of an instance may take, and how long a poll may hang.
    pub(crate) fn run_limit(&self) -> Timeout {
        Timeout::at_least(self.settings.time_limit / 2)
    }

    /// The limits of a thread that is abandoned if nothing happens on it for the length of `stall`.
    pub(crate) fn limits(&self, stall: Timeout) -> Limits<'_> {
        Limits { stall, run: self.run_limit(), budget: &self.budget }
    }

    /// The options of a correct executor.
    pub(crate) fn drive_options(&self, attempt: u32) -> DriveOptions {
        DriveOptions {
            wake_timeout: self.wake_timeout(attempt),
            max_self_wakes: self.max_self_wakes.get(),
            wakers: WakerPattern::Same,
            poll_during_event: false,
        }
    }

    /// Runs `code` on a thread that can be abandoned.
    pub(crate) fn run<R: Send + 'static>(
        &self,
        task: &Arc<Task>,
        code: impl FnOnce(&Factory, &Arc<Task>) -> R + Send + 'static,
    ) -> Outcome<R> {
        let (factory, probe_task) = (self.factory.clone(), task.clone());
        watchdog::run(task, self.limits(self.run_limit()), &self.settings.around, move || {
            code(&factory, &probe_task)
        })
    }

    /// Drives a new instance; `Err` if creating it panics.
    pub(crate) fn drive(
        &self,
        task: &Arc<Task>,
        options: DriveOptions,
    ) -> Outcome<Result<DriveOutcome, String>> {
        self.run(task, move |factory, task| {
            let (mut instance, mut events) = factory.create(task)?;
            Ok(instance.drive(&mut events, options))
        })
    }

    /// Makes three attempts, each with longer timeouts. Reports the last finding if all attempts agree.
    pub(crate) fn confirmed<A: Into<Attempt>>(
        &self,
        attempt: impl FnMut(u32) -> A,
    ) -> Option<Finding> {
        attempt::confirmed(&self.unconfirmed, attempt)
    }
}
