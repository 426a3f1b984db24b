//! The event happens at a different moment of the poll in each of many instances.
//!
//! One thread polls a batch of instances, one after the other. Another thread follows it, and fires the event of each
//! instance during its poll. The polling thread waits only briefly for the other one, and an instance whose event is
//! late is not raced. So on a machine where the two threads seldom run at the same time, more tries are needed, but
//! little time is spent on waiting.

use super::lost::{self, LostCheck};
use crate::event::Event;
use crate::finding::Finding;
use crate::instance::{Factory, LocalInstance};
use crate::panics;
use crate::probes::context::ProbeContext;
use crate::process::{self, ThreadTimer};
use crate::sync::lock;
use crate::task::{Task, TaskWaker};
use crate::timeline::{Action, PollResult};
use crate::timeout::Timeout;
use crate::watchdog::Outcome;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How many instances are in a batch.
const BATCH: usize = 32;
/// The sweep ends after this many events in the middle of a poll.
const ENOUGH_RACES: usize = 500;
/// The sweep also ends at these limits: of CPU time, and of real time.
const CPU_LIMIT: Duration = Duration::from_millis(200);
const TIME_LIMIT: Duration = Duration::from_secs(4);
/// If a poll takes longer, only its beginning is covered.
const MAX_POLL_TIME: Duration = Duration::from_millis(1);
/// How long the thread that polls waits for the other one.
const MAX_LAG: Duration = Duration::from_micros(20);

pub(super) fn probe(context: &ProbeContext, check: LostCheck) -> Option<Finding> {
    let (probe_task, timeout) = (Task::without_backtraces(), context.wake_timeout(2));
    let outcome = context.run(&probe_task, move |factory, probe_task| {
        let poll_time = measure_poll(factory)?;
        let (timer, mut tries, mut races) = (ThreadTimer::start(), 0, 0);
        while races < ENOUGH_RACES
            && timer.cpu_elapsed() < CPU_LIMIT
            && timer.elapsed() < TIME_LIMIT
        {
            let mut batch = Batch::new(factory, tries, poll_time)?;
            races += batch.race(timeout, probe_task)?;
            tries += BATCH;
            if let Some(task) = batch.find_lost(check, probe_task) {
                return Some((task, tries));
            }
        }
        None
    });
    let Outcome::Done(Some((task, tries))) = outcome else { return None };
    Some(lost::finding(&task).with_detail(format!(
        "it happened in one of {tries} tries, with the event at a different moment of the poll each time"
    )))
}

/// The shortest of some polls. `None` if there is no event to race with a pending poll.
fn measure_poll(factory: &Factory) -> Option<Duration> {
    let mut shortest = MAX_POLL_TIME;
    for _ in 0..5 {
        let task = Task::without_backtraces();
        let (mut instance, mut events) = factory.create(&task).ok()?;
        if !matches!(events.take()?, Event::Send(_)) {
            return None;
        }
        let waker = task.waker().to_waker();
        let began = Instant::now();
        let result = instance.poll_unrecorded(&waker);
        shortest = shortest.min(began.elapsed());
        if result.made_progress() {
            return None;
        }
    }
    Some(shortest)
}

/// An instance, and its poll in the race.
struct Racer {
    instance: LocalInstance,
    waker: Arc<TaskWaker>,
    /// Whether it was polled once before the race.
    second_poll: bool,
    began: Instant,
    ended: Instant,
    result: PollResult,
}

struct Batch {
    racers: Vec<Racer>,
    shared: Arc<Shared>,
}

/// An event, and how long after the beginning of the poll it is fired.
type DelayedEvent = (Box<dyn FnOnce() + Send>, Duration);

/// What the thread that polls and the thread that fires share.
struct Shared {
    events: Mutex<Vec<DelayedEvent>>,
    fired_at: Mutex<Vec<Instant>>,
    /// The thread that fires is running.
    ready: AtomicBool,
    /// How many polls have begun.
    polls_begun: AtomicUsize,
    /// How many events have returned.
    events_returned: AtomicUsize,
}

impl Batch {
    fn new(factory: &Factory, tries: usize, poll_time: Duration) -> Option<Batch> {
        let (mut racers, mut events) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        let span = poll_time + poll_time / 4 + Duration::from_nanos(100);
        for number in tries..tries + BATCH {
            let task = Task::without_backtraces();
            let (mut instance, mut queue) = factory.create(&task).ok()?;
            let Event::Send(event) = queue.take()? else { return None };
            let waker = task.waker();
            // The first poll registers, a later one checks whether it is registered: these are two code paths.
            let second_poll =
                number % 3 == 2 && instance.poll(&waker, false) == PollResult::Pending;
            // Multiplicative hashing: a scattered order that covers the whole span.
            let position = (number as u32).wrapping_mul(2_654_435_769);
            events.push((event, span.mul_f64(f64::from(position) / f64::from(u32::MAX))));
            let now = Instant::now();
            let result = PollResult::Pending;
            racers.push(Racer { instance, waker, second_poll, began: now, ended: now, result });
        }
        let shared = Arc::new(Shared {
            events: Mutex::new(events),
            fired_at: Mutex::new(Vec::with_capacity(BATCH)),
            ready: AtomicBool::new(false),
            polls_begun: AtomicUsize::new(0),
            events_returned: AtomicUsize::new(0),
        });
        Some(Batch { racers, shared })
    }

    /// Polls each instance. Returns how many events happened during their polls; `None` if an event does not return.
    fn race(&mut self, timeout: Timeout, probe_task: &Task) -> Option<usize> {
        let shared = self.shared.clone();
        process::spawn(move || shared.fire_events())?;
        spin_until(Duration::MAX, || self.shared.ready.load(SeqCst));
        for (number, racer) in (1..).zip(&mut self.racers) {
            let waker = racer.waker.to_waker();
            self.shared.polls_begun.store(number, SeqCst);
            racer.began = Instant::now();
            racer.result = racer.instance.poll_unrecorded(&waker);
            racer.ended = Instant::now();
            drop(waker);
            spin_until(MAX_LAG, || self.shared.events_returned.load(SeqCst) >= number);
        }
        probe_task.heartbeat();
        let all = self.racers.len();
        let returned = timeout.wait_until(|| {
            probe_task.heartbeat();
            self.shared.events_returned.load(SeqCst) == all
        });
        let fired_at = lock(&self.shared.fired_at).clone();
        let during_poll =
            |(racer, fired): &(&Racer, Instant)| (racer.began..racer.ended).contains(fired);
        returned.then(|| self.racers.iter().zip(fired_at).filter(during_poll).count())
    }

    /// The task of an instance whose wake-up is lost, with the log of what happened to it.
    fn find_lost(mut self, check: LostCheck, probe_task: &Task) -> Option<Arc<Task>> {
        let fired_at = lock(&self.shared.fired_at).clone();
        self.racers.iter_mut().zip(fired_at).find_map(|(racer, fired)| {
            if racer.result != PollResult::Pending || racer.waker.woken() {
                return None;
            }
            let task = racer.waker.task.clone();
            let (number, waker) = (if racer.second_poll { 2 } else { 1 }, racer.waker.id);
            let begins = Action::PollBegins { number, waker, forced: racer.second_poll };
            task.record_at(racer.began, begins);
            task.record_at(fired, Action::EventFired(1));
            task.record_at(racer.ended, Action::PollEnds { number, result: PollResult::Pending });
            check.is_lost(&mut racer.instance, &racer.waker, probe_task).then_some(task)
        })
    }
}

impl Shared {
    fn fire_events(&self) {
        let events = std::mem::take(&mut *lock(&self.events));
        let mut fired_at = Vec::with_capacity(events.len());
        self.ready.store(true, SeqCst);
        for (number, (event, delay)) in (1..).zip(events) {
            spin_until(Duration::MAX, || self.polls_begun.load(SeqCst) >= number);
            // No delay if the next poll has begun: this one is over.
            if self.polls_begun.load(SeqCst) == number {
                spin_until(delay, || false);
            }
            fired_at.push(Instant::now());
            let _ = panics::catch(event);
            if number == BATCH {
                lock(&self.fired_at).append(&mut fired_at);
            }
            self.events_returned.store(number, SeqCst);
        }
    }
}

/// Spins until `done`, or for the length of `limit`. A long spin yields the CPU from time to time.
fn spin_until(limit: Duration, mut done: impl FnMut() -> bool) {
    let (began, mut spins) = (Instant::now(), 0_u32);
    while !done() && began.elapsed() < limit {
        spins += 1;
        if spins % 4096 == 0 {
            thread::yield_now();
        }
        spin_loop();
    }
}
