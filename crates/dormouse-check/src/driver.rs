//! Polls an instance to completion, as a correct executor does and as faulty ones do.
//!
//! # Invariants
//! - A poll after a pending one follows a call of that poll's waker, or it is recorded as forced.
//! - `LostWakeUp` means: every event had been fired, the waker of the last poll was not called within the timeout, and a
//!   forced poll then made progress. The probe repeats the run with longer timeouts before it reports this.

use crate::drop_point::DropPoint;
use crate::instance::{Events, Instance};
use crate::pollable::Pollable;
use crate::task::{Task, TaskWaker};
use crate::timeline::PollResult;
use crate::timeout::{SLICE, Timeout};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long to wait after an event that is known to cause no wake-up, before the next event is fired.
pub(crate) const AFTER_EVENT: Timeout = Timeout(2);

/// The outcome of driving an instance.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum DriveOutcome {
    Ready,
    WrongOutput,
    Panicked(String),
    /// It woke itself inside `poll`, in that many polls in a row.
    BusyWake(u32),
    /// The waker of the last poll was not called, but a forced poll made progress.
    LostWakeUp {
        /// The waker of an earlier poll was called instead.
        other_woken: bool,
    },
    /// Still pending after forced polls.
    NeverReady,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct DriveOptions {
    pub(crate) wake_timeout: Timeout,
    /// How many polls in a row may wake their own task.
    pub(crate) max_self_wakes: u32,
    pub(crate) wakers: WakerPattern,
    /// Poll as soon as the waker is called, even if the event that called it has not returned.
    pub(crate) poll_during_event: bool,
}

/// The wakers of the polls that follow one another before the driver waits for a wake-up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WakerPattern {
    /// One poll, always with waker A.
    Same,
    /// A, then B.
    Switch,
    /// A, then B, and A again.
    SwitchBack,
}

/// An instance, or a wrapper that polls it in a special way.
pub(crate) trait Drive {
    fn task(&self) -> &Arc<Task>;

    /// Polls once, and records the poll. `forced` says that the waker had not been called.
    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> PollResult;

    /// Creates a waker of the task.
    fn waker(&self) -> Arc<TaskWaker> {
        self.task().waker()
    }

    /// Polls as an executor does, once for each wake-up, and fires the events. If no wake-up comes, forces a poll.
    fn drive(&mut self, events: &mut Events, options: DriveOptions) -> DriveOutcome {
        let first = self.waker();
        let polled = poll_with_pattern(self, &first, options.wakers);
        self.drive_on(polled, &first, events, options)
    }

    /// Like [`drive`](Drive::drive), from after a poll. Further polls start with the waker `first`.
    fn drive_on(
        &mut self,
        mut polled: Polled,
        first: &Arc<TaskWaker>,
        events: &mut Events,
        options: DriveOptions,
    ) -> DriveOutcome {
        let task = self.task().clone();
        let mut self_wakes = 0;
        loop {
            let Polled { result, last, others } = polled;
            match Progress::from(result) {
                Progress::None if last.woken() => {
                    self_wakes = if last.woken_inside_poll() { self_wakes + 1 } else { 0 };
                    task.record_self_wakes(self_wakes);
                    if self_wakes > options.max_self_wakes {
                        return DriveOutcome::BusyWake(self_wakes);
                    }
                }
                Progress::None => {
                    self_wakes = 0;
                    let timeout = options.wake_timeout;
                    fire_until_woken(&last, events, timeout, options.poll_during_event);
                    if !task.wait(timeout, || last.woken()) {
                        return self.force(&last, &others, timeout);
                    }
                }
                Progress::Item => self_wakes = 0,
                Progress::End(outcome) => return outcome,
            }
            polled = poll_with_pattern(self, first, options.wakers);
        }
    }

    /// After a wait without a wake-up: finds out whether a poll makes progress anyway.
    fn force(
        &mut self,
        last: &TaskWaker,
        others: &[Arc<TaskWaker>],
        timeout: Timeout,
    ) -> DriveOutcome {
        let other_woken = others.iter().any(|other| other.woken());
        let waited = timeout.duration().as_millis();
        self.task().comment(format!("nothing wakes {} for {waited} ms", last.id));
        let waker = self.task().waker();
        for _ in 0..=timeout.0 {
            // A panic or a wrong output also counts: without the missing wake-up, it came too late.
            if self.poll(&waker, true).made_progress() {
                return DriveOutcome::LostWakeUp { other_woken };
            }
            std::thread::sleep(SLICE);
        }
        DriveOutcome::NeverReady
    }

    /// Polls up to the given point. Returns whether the instance completed by then.
    fn poll_until(
        &mut self,
        waker: &Arc<TaskWaker>,
        events: &mut Events,
        wake_timeout: Timeout,
        point: DropPoint,
    ) -> bool {
        let task = self.task().clone();
        let mut pending = false;
        for number in 1..=point.polls {
            let forced = pending && !waker.woken();
            waker.reset();
            match Progress::from(self.poll(waker, forced)) {
                Progress::None => pending = true,
                Progress::Item => pending = false,
                Progress::End(_) => return true,
            }
            if pending && !point.back_to_back && number < point.polls {
                fire_until_woken(waker, events, wake_timeout, false);
                task.wait(wake_timeout, || waker.woken());
            }
        }
        false
    }

    /// Polls continuously, woken or not, and fires the events in between. After each event, waits for a wake-up or for the
    /// length of `between_events`. Returns how long it took to complete.
    fn busy_poll(
        &mut self,
        events: &mut Events,
        between_events: Timeout,
        limit: Timeout,
    ) -> (DriveOutcome, Duration) {
        const PAUSE: Duration = Duration::from_micros(500);
        const PAUSES_PER_SLICE: u32 = (SLICE.as_micros() / PAUSE.as_micros()) as u32;
        let started = Instant::now();
        let wakers = [self.task().waker(), self.task().waker()];
        let (mut next_event, between_events) = (0, between_events.times(PAUSES_PER_SLICE).0);
        for number in 0..limit.times(PAUSES_PER_SLICE).0 {
            // Twice in a row, with two wakers: neither may make a difference.
            for waker in &wakers {
                if let Progress::End(outcome) = Progress::from(self.poll(waker, true)) {
                    return (outcome, started.elapsed());
                }
            }
            if number >= next_event || wakers.iter().any(|waker| waker.woken()) {
                wakers.iter().for_each(|waker| waker.reset());
                events.fire(limit, || false);
                next_event = number + between_events;
            }
            std::thread::sleep(PAUSE);
        }
        (DriveOutcome::NeverReady, started.elapsed())
    }
}

/// Polls that followed one another without a wait.
pub(crate) struct Polled {
    /// The result of the last poll.
    pub(crate) result: PollResult,
    /// The waker of the last poll.
    pub(crate) last: Arc<TaskWaker>,
    /// The wakers of the polls before it.
    pub(crate) others: Vec<Arc<TaskWaker>>,
}

/// Polls once for each waker of the pattern. Stops early if a poll makes progress, or the first one wakes its task.
fn poll_with_pattern(
    drive: &mut (impl Drive + ?Sized),
    first: &Arc<TaskWaker>,
    wakers: WakerPattern,
) -> Polled {
    first.reset();
    let result = drive.poll(first, false);
    if wakers == WakerPattern::Same || result != PollResult::Pending || first.woken() {
        return Polled { result, last: first.clone(), others: Vec::new() };
    }
    let second = drive.waker();
    let result = drive.poll(&second, true);
    if wakers == WakerPattern::Switch || result != PollResult::Pending {
        return Polled { result, last: second, others: vec![first.clone()] };
    }
    first.reset();
    let result = drive.poll(first, true);
    Polled { result, last: first.clone(), others: vec![second] }
}

/// Fires events, one after the other, until one of them wakes the task. Waits after each for its wake-up; only briefly
/// if none is expected, and after the last one, where the caller waits.
pub(crate) fn fire_until_woken(
    waker: &TaskWaker,
    events: &mut Events,
    timeout: Timeout,
    return_during_event: bool,
) {
    while !waker.woken() && events.fire(timeout, || return_during_event && waker.woken()) {
        let brief = events.is_empty() || events.last_is_silent();
        let wait = if brief { AFTER_EVENT } else { timeout };
        let woken = waker.task.wait(wait, || waker.woken());
        if woken || !brief {
            events.record_last(woken);
        }
    }
}

enum Progress {
    None,
    Item,
    End(DriveOutcome),
}

impl From<PollResult> for Progress {
    fn from(result: PollResult) -> Progress {
        match result {
            PollResult::Pending => Progress::None,
            PollResult::Item => Progress::Item,
            PollResult::Ready => Progress::End(DriveOutcome::Ready),
            PollResult::WrongOutput => Progress::End(DriveOutcome::WrongOutput),
            PollResult::Panicked(panic) => Progress::End(DriveOutcome::Panicked(panic)),
        }
    }
}

impl<P: Pollable + ?Sized> Drive for Instance<P> {
    fn task(&self) -> &Arc<Task> {
        &self.task
    }

    fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> PollResult {
        Instance::poll(self, waker, forced)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::event;
    use crate::instance::Factory;
    use crate::pollable::CheckedFuture;
    use crate::sync::lock;
    use std::future::poll_fn;
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
    use std::task::{Poll, Waker};

    const OPTIONS: DriveOptions = DriveOptions {
        // On a busy machine, the thread of an event starts late.
        wake_timeout: Timeout(100),
        max_self_wakes: 5,
        wakers: WakerPattern::Same,
        poll_during_event: false,
    };

    fn drive<F: Future<Output = ()> + 'static>(
        options: DriveOptions,
        create: impl Fn() -> F + Send + Sync + 'static,
    ) -> DriveOutcome {
        let factory = Factory::local(move || CheckedFuture::new(create(), None));
        let (mut instance, mut events) = factory.create(&Task::new()).expect("it does not panic");
        instance.drive(&mut events, options)
    }

    /// A future that waits for an event. `register` decides which wakers it stores.
    fn waiting(register: fn(&mut Vec<Waker>, &Waker)) -> impl Future<Output = ()> {
        let shared: Arc<(AtomicBool, Mutex<Vec<Waker>>)> = Arc::default();
        let other = shared.clone();
        event(move || {
            other.0.store(true, SeqCst);
            let wakers = std::mem::take(&mut *lock(&other.1));
            wakers.into_iter().for_each(Waker::wake);
        });
        poll_fn(move |context| {
            register(&mut lock(&shared.1), context.waker());
            if shared.0.load(SeqCst) { Poll::Ready(()) } else { Poll::Pending }
        })
    }

    #[test]
    fn an_event_is_fired_when_the_instance_waits_for_it() {
        let all = |wakers: &mut Vec<Waker>, waker: &Waker| wakers.push(waker.clone());
        for wakers in [WakerPattern::Same, WakerPattern::Switch, WakerPattern::SwitchBack] {
            let outcome = drive(DriveOptions { wakers, ..OPTIONS }, move || waiting(all));
            assert_eq!(outcome, DriveOutcome::Ready);
        }
    }

    #[test]
    fn a_future_that_is_never_woken_is_a_lost_wake_up() {
        let none = |_: &mut Vec<Waker>, _: &Waker| ();
        let outcome = drive(OPTIONS, move || waiting(none));
        assert_eq!(outcome, DriveOutcome::LostWakeUp { other_woken: false });
    }

    #[test]
    fn a_wake_up_of_the_wrong_waker_is_reported() {
        let first = |wakers: &mut Vec<Waker>, waker: &Waker| {
            if wakers.is_empty() {
                wakers.push(waker.clone());
            }
        };
        let two = DriveOptions { wakers: WakerPattern::Switch, ..OPTIONS };
        let outcome = drive(two, move || waiting(first));
        assert_eq!(outcome, DriveOutcome::LostWakeUp { other_woken: true });
    }

    #[test]
    fn self_wakes_are_allowed_up_to_the_limit() {
        let yields = |times: u32| {
            move || {
                let mut remaining = times;
                poll_fn(move |context| {
                    if remaining == 0 {
                        return Poll::Ready(());
                    }
                    remaining -= 1;
                    context.waker().wake_by_ref();
                    Poll::Pending
                })
            }
        };
        assert_eq!(drive(OPTIONS, yields(5)), DriveOutcome::Ready);
        assert_eq!(drive(OPTIONS, yields(6)), DriveOutcome::BusyWake(6));
    }

    #[test]
    fn a_future_that_is_never_ready_is_no_lost_wake_up() {
        assert_eq!(drive(OPTIONS, std::future::pending), DriveOutcome::NeverReady);
    }
}
