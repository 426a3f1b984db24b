//! One instance of the future under test, and its events.
//!
//! The closure that is given to `check` creates an instance at each call. Every recorded poll goes through
//! [`Instance::poll`], which adds it to the log of the task. [`crate::driver`] decides when an instance is polled, and
//! with which waker.

use crate::event::{self, Event, EventHabits};
use crate::first_polls::FirstPolls;
use crate::panics;
use crate::pollable::{Output, Pollable};
use crate::process::{self, ThreadTime, ThreadTimer};
use crate::task::{Task, TaskWaker};
use crate::timeline::{Action, PollResult};
use crate::timeout::Timeout;
use std::collections::VecDeque;
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

type Create<P> = Arc<dyn Fn() -> Pin<Box<P>> + Send + Sync>;
type CreatePair = Arc<dyn Fn() -> [Pin<Box<dyn Pollable>>; 2] + Send + Sync>;

/// Creates instances that behave alike.
#[derive(Clone)]
pub(crate) struct Factory {
    create: Create<dyn Pollable>,
    /// `None` if the future is not `Send`.
    create_send: Option<Create<dyn Pollable + Send>>,
    /// Creates two futures that wait for one thing, if that is what is checked.
    create_pair: Option<CreatePair>,
    /// How many have been created.
    instances: Arc<AtomicUsize>,
    habits: Arc<EventHabits>,
    first_polls: Arc<FirstPolls>,
}

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factory").field("send", &self.is_send()).finish_non_exhaustive()
    }
}

impl Factory {
    /// A factory of futures that may move between threads.
    pub(crate) fn send<P: Pollable + Send + 'static>(
        create: impl Fn() -> P + Send + Sync + 'static,
    ) -> Factory {
        let create = Arc::new(create);
        let create_send = create.clone();
        Factory {
            create: Arc::new(move || Box::pin(create())),
            create_send: Some(Arc::new(move || Box::pin(create_send()))),
            create_pair: None,
            instances: Arc::default(),
            habits: Arc::default(),
            first_polls: Arc::default(),
        }
    }

    /// A factory of futures that stay on the thread that creates them.
    pub(crate) fn local<P: Pollable + 'static>(
        create: impl Fn() -> P + Send + Sync + 'static,
    ) -> Factory {
        let create = Arc::new(move || Box::pin(create()) as _);
        Factory {
            create,
            create_send: None,
            create_pair: None,
            instances: Arc::default(),
            habits: Arc::default(),
            first_polls: Arc::default(),
        }
    }

    /// A factory of pairs of futures that wait for one thing.
    pub(crate) fn pair<P: Pollable + 'static, Q: Pollable + 'static>(
        create: impl Fn() -> (P, Q) + Send + Sync + 'static,
    ) -> Factory {
        let create = Arc::new(create);
        let create_pair = create.clone();
        let first = Factory::local(move || create().0);
        Factory {
            create_pair: Some(Arc::new(move || {
                let (first, second) = create_pair();
                [Box::pin(first), Box::pin(second)]
            })),
            ..first
        }
    }

    pub(crate) fn first_polls(&self) -> &FirstPolls {
        &self.first_polls
    }

    pub(crate) fn is_pair(&self) -> bool {
        self.create_pair.is_some()
    }

    pub(crate) fn is_send(&self) -> bool {
        self.create_send.is_some()
    }

    /// How many instances have been created.
    pub(crate) fn instances(&self) -> usize {
        self.instances.load(SeqCst)
    }

    /// Creates an instance that stays on this thread; `Err` if that panics.
    pub(crate) fn create(&self, task: &Arc<Task>) -> Result<(LocalInstance, Events), String> {
        self.instances.fetch_add(1, SeqCst);
        self.new_instance(&self.create, task)
    }

    /// Creates an instance that may move between threads; `None` if the future is not `Send`.
    pub(crate) fn create_send(
        &self,
        task: &Arc<Task>,
    ) -> Option<Result<(SendInstance, Events), String>> {
        let create = self.create_send.as_ref()?;
        self.instances.fetch_add(1, SeqCst);
        Some(self.new_instance(create, task))
    }

    /// Creates two futures that wait for one thing, with one task; `None` if that is not what is checked.
    pub(crate) fn create_pair(
        &self,
        task: &Arc<Task>,
    ) -> Option<Result<([LocalInstance; 2], Events), String>> {
        let create = self.create_pair.as_ref()?;
        self.instances.fetch_add(2, SeqCst);
        let (pair, events) = self.collect_events(|| create(), task);
        Some(pair.map(|pair| (pair.map(|inner| self.wrap(inner, &events)), events)))
    }

    fn new_instance<P: Pollable + ?Sized>(
        &self,
        create: &Create<P>,
        task: &Arc<Task>,
    ) -> Result<(Instance<P>, Events), String> {
        let (inner, events) = self.collect_events(|| create(), task);
        Ok((self.wrap(inner?, &events), events))
    }

    fn wrap<P: Pollable + ?Sized>(&self, inner: Pin<Box<P>>, events: &Events) -> Instance<P> {
        Instance {
            inner: Some(inner),
            task: events.task.clone(),
            polls: 0,
            last_poll_began: Instant::now(),
            poll_times: None,
            events_fired: events.fired.clone(),
            first_polls: self.first_polls.clone(),
        }
    }

    fn collect_events<R>(
        &self,
        create: impl FnOnce() -> R,
        task: &Arc<Task>,
    ) -> (Result<R, String>, Events) {
        let (created, queue) = event::collect(|| panics::catch(create));
        let habits = self.habits.clone();
        (created, Events { queue, task: task.clone(), fired: Arc::default(), habits })
    }
}

/// The events of an instance. They stay on the thread that created the instance.
///
/// To drop an event may be an event itself: the closure may own a sender. So they are kept until the instance is
/// dropped.
#[derive(Debug)]
pub(crate) struct Events {
    queue: VecDeque<Event>,
    task: Arc<Task>,
    fired: Arc<AtomicU32>,
    habits: Arc<EventHabits>,
}

impl Events {
    /// Takes the next event out, to fire it elsewhere.
    pub(crate) fn take(&mut self) -> Option<Event> {
        let event = self.queue.pop_front()?;
        self.fired.fetch_add(1, SeqCst);
        Some(event)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many have been fired or taken out.
    pub(crate) fn fired(&self) -> u32 {
        self.fired.load(SeqCst)
    }

    /// Whether no wake-up is expected after the last one that was fired.
    pub(crate) fn last_is_silent(&self) -> bool {
        self.habits.is_silent(self.fired())
    }

    /// Records whether a wake-up followed the last one that was fired: see [`EventHabits::record`].
    pub(crate) fn record_last(&self, woke: bool) {
        self.habits.record(self.fired(), woke);
    }

    /// Fires the next event, if there is one, and waits until it returns. The wait also ends when `enough` holds or the
    /// timeout expires. Returns whether there was an event.
    ///
    /// An event that is `Send` is fired on another thread, as most events are.
    pub(crate) fn fire(&mut self, timeout: Timeout, enough: impl Fn() -> bool) -> bool {
        let Some(event) = self.take() else { return false };
        self.task.event_fired(self.fired());
        match event {
            Event::Local(event) => call(event, &self.task, self.fired()),
            Event::Send(event) => {
                let finished = Arc::new(AtomicBool::new(false));
                let (task, finish) = (self.task.clone(), finished.clone());
                let number = self.fired();
                let thread = process::spawn(move || {
                    call(event, &task, number);
                    finish.store(true, SeqCst);
                    task.heartbeat();
                });
                if thread.is_none() {
                    self.task.comment("no thread could be started for the event");
                }
                timeout.wait_until(|| finished.load(SeqCst) || enough());
            }
        }
        true
    }
}

/// Calls event `number`. A panic is recorded: it may be why the future is not ready.
fn call(event: impl FnOnce(), task: &Task, number: u32) {
    if let Err(panic) = panics::catch(event) {
        task.comment(format!("event {number} panics: {panic}"));
    }
}

/// An instance of the future under test.
pub(crate) struct Instance<P: Pollable + ?Sized> {
    /// `None` after it was dropped.
    inner: Option<Pin<Box<P>>>,
    pub(crate) task: Arc<Task>,
    polls: u32,
    pub(crate) last_poll_began: Instant,
    /// How the thread spent each poll, if that is measured.
    poll_times: Option<Vec<ThreadTime>>,
    /// How many of its events have been fired.
    events_fired: Arc<AtomicU32>,
    first_polls: Arc<FirstPolls>,
}

/// An instance that may move between threads.
pub(crate) type SendInstance = Instance<dyn Pollable + Send>;
/// An instance that stays on its thread.
pub(crate) type LocalInstance = Instance<dyn Pollable>;

impl<P: Pollable + ?Sized> fmt::Debug for Instance<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Instance").field("polls", &self.polls).finish_non_exhaustive()
    }
}

impl<P: Pollable + ?Sized> Instance<P> {
    /// Polls once, and records the poll. `forced` says that the waker had not been called.
    pub(crate) fn poll(&mut self, waker: &Arc<TaskWaker>, forced: bool) -> PollResult {
        self.poll_with(waker, &waker.to_waker(), forced)
    }

    /// Like [`poll`](Instance::poll), with a std waker that wraps the task's.
    pub(crate) fn poll_with(
        &mut self,
        waker: &Arc<TaskWaker>,
        std_waker: &Waker,
        forced: bool,
    ) -> PollResult {
        self.polls += 1;
        self.last_poll_began = Instant::now();
        let number = self.polls;
        self.task.record(Action::PollBegins { number, waker: waker.id, forced });
        let timer = self.poll_times.is_some().then(ThreadTimer::start);
        let before_events = self.events_fired.load(SeqCst) == 0;
        let result = self.poll_unrecorded(std_waker);
        if let (Some(times), Some(timer)) = (&mut self.poll_times, timer) {
            times.push(timer.time_spent());
        }
        if number == 1 && before_events {
            self.first_polls.record(&result);
        }
        self.task.record(Action::PollEnds { number, result: result.clone() });
        if let Some(operation) = self.inner.as_ref().and_then(|inner| inner.last_operation()) {
            self.task.comment(operation);
        }
        result
    }

    /// Polls once without recording it: for probes that depend on the timing.
    pub(crate) fn poll_unrecorded(&mut self, waker: &Waker) -> PollResult {
        let Some(inner) = &mut self.inner else { return PollResult::Pending };
        if self.task.is_abandoned() {
            // Ends the loops of the probe. Its result goes nowhere.
            return PollResult::Panicked("the probe is abandoned".into());
        }
        let polling = self.task.enter_poll();
        let polled = panics::catch(|| inner.as_mut().poll(&mut Context::from_waker(waker)));
        drop(polling);
        match polled {
            Ok(Poll::Pending) => PollResult::Pending,
            Ok(Poll::Ready(Output { expected: false, .. })) => PollResult::WrongOutput,
            Ok(Poll::Ready(Output { more: true, .. })) => PollResult::Item,
            Ok(Poll::Ready(Output { more: false, .. })) => PollResult::Ready,
            Err(panic) => PollResult::Panicked(panic),
        }
    }

    /// Counts a poll that was unrecorded. Returns its number.
    pub(crate) fn count_poll(&mut self) -> u32 {
        self.polls += 1;
        self.polls
    }

    /// Starts to measure how the thread spends each recorded poll.
    pub(crate) fn measure_polls(&mut self) {
        self.poll_times = Some(Vec::new());
    }

    /// How the thread spent each poll since [`measure_polls`](Instance::measure_polls).
    pub(crate) fn poll_times(&self) -> &[ThreadTime] {
        self.poll_times.as_deref().unwrap_or_default()
    }

    /// Whether the future has completed.
    pub(crate) fn is_terminated(&self) -> bool {
        self.inner.as_ref().is_some_and(|inner| inner.is_terminated())
    }

    /// Drops the future; `Err` with the message if that panics.
    pub(crate) fn drop_inner(&mut self) -> Result<(), String> {
        let Some(inner) = self.inner.take() else { return Ok(()) };
        let dropped = panics::catch(|| drop(inner));
        self.task.record(Action::Dropped);
        dropped
    }
}

impl<P: Pollable + ?Sized> Drop for Instance<P> {
    fn drop(&mut self) {
        // The cancellation probe reports a destructor that panics.
        let _ = self.drop_inner();
    }
}
