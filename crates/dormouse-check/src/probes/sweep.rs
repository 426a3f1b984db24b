//! An event in the middle of a poll: at each of its instructions, by and by.
//!
//! One thread polls a row of copies, one after the other. Another one follows it, and lets the event of each happen a
//! bit later in the poll than the event of the one before. Neither waits for the other for long: then both go
//! on, and that copy was not raced. So a machine on which the two seldom run at the same time costs tries, but
//! not the time that it takes to make them meet.

use crate::event::Event;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::panics;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::probes::race::{Wait, is_lost};
use crate::process::Moment;
use crate::run::LocalRun;
use crate::stage::{self, Staged};
use crate::subject::Factory;
use crate::task::{Task, TaskWaker, lock};
use crate::timeline::{Polled, What};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How many copies stand in a row.
const ROW: usize = 32;
/// How many events in the middle of a poll are enough.
const RACED: usize = 500;
/// How much CPU time it may take, if they do not come about.
const CPU_LIMIT: Duration = Duration::from_millis(200);
/// How long it may take at all.
const LIMIT: Duration = Duration::from_secs(4);
/// A poll that takes longer is not swept to its end.
const LONGEST: Duration = Duration::from_millis(1);
/// How long the thread that polls waits for the other one.
const PACE: Duration = Duration::from_micros(20);

pub(crate) fn probe(probing: &Probing, wait: Wait) -> Option<Finding> {
    let (heart, patience) = (Task::without_traces(), probing.wake(2));
    let staged = probing.stage(&heart.clone(), move |factory| {
        let took = poll_duration(factory)?;
        let (began, mut tries, mut raced) = (Moment::now(), 0, 0);
        while raced < RACED && began.cpu_spent() < CPU_LIMIT && began.elapsed() < LIMIT {
            let mut row = Row::new(factory, tries, took)?;
            raced += row.race(patience, &heart)?;
            tries += ROW;
            if let Some(task) = row.lost(wait, &heart) {
                return Some((task, tries));
            }
        }
        None
    });
    let Staged::Done(Some((task, tries))) = staged else { return None };
    let headline = "an event in the middle of a poll that returns Pending brings no wake-up; a poll that is forced then goes on";
    let finding = Finding::new(Kind::WakeUpRace, headline).log(&task.log());
    Some(finding.detail(format!(
        "it happened in one of {tries} tries, with the event a bit later in the poll each time"
    )))
}

/// How long a poll takes, roughly. `None` if there is nothing to race.
fn poll_duration(factory: &Factory) -> Option<Duration> {
    let mut least = LONGEST;
    for _ in 0..5 {
        let task = Task::without_traces();
        let (mut run, mut events) = factory.local(&task).ok()?;
        if !matches!(events.take()?, Event::Send(_)) {
            return None;
        }
        let waker = task.waker().handle();
        let began = Instant::now();
        let polled = run.poll_unseen(&waker);
        least = least.min(began.elapsed());
        if polled.progress() {
            return None;
        }
    }
    Some(least)
}

/// A copy, and how it went with it.
struct Racer {
    run: LocalRun,
    waker: Arc<TaskWaker>,
    /// Whether it was polled before the race.
    second: bool,
    began: Instant,
    ended: Instant,
    polled: Polled,
}

struct Row {
    racers: Vec<Racer>,
    shared: Arc<Shared>,
}

/// An event, and the time that it has to wait from the beginning of the poll.
type Timed = (Box<dyn FnOnce() + Send>, Duration);

struct Shared {
    events: Mutex<Vec<Timed>>,
    fired: Mutex<Vec<Instant>>,
    /// How many polls have begun; the thread that fires is ready; how many events are over.
    begun: AtomicUsize,
    ready: AtomicUsize,
    over: AtomicUsize,
}

impl Row {
    fn new(factory: &Factory, tries: usize, took: Duration) -> Option<Row> {
        let (mut racers, mut events) = (Vec::with_capacity(ROW), Vec::with_capacity(ROW));
        let span = took + took / 4 + Duration::from_nanos(100);
        for number in tries..tries + ROW {
            let task = Task::without_traces();
            let (mut run, mut queue) = factory.local(&task).ok()?;
            let Event::Send(event) = queue.take()? else { return None };
            let waker = task.waker();
            // The first poll registers, a second one looks whether it is registered: two pieces of code.
            let second = number % 3 == 2 && run.poll(&waker, false) == Polled::Pending;
            // In an order that jumps around, and comes everywhere.
            let place = (number as u32).wrapping_mul(2_654_435_769);
            events.push((event, span.mul_f64(f64::from(place) / f64::from(u32::MAX))));
            let now = Instant::now();
            let polled = Polled::Pending;
            racers.push(Racer { run, waker, second, began: now, ended: now, polled });
        }
        let shared = Arc::new(Shared {
            events: Mutex::new(events),
            fired: Mutex::new(Vec::with_capacity(ROW)),
            begun: AtomicUsize::new(0),
            ready: AtomicUsize::new(0),
            over: AtomicUsize::new(0),
        });
        Some(Row { racers, shared })
    }

    /// Polls each of them. Says how many were raced; `None` if an event does not come to its end.
    fn race(&mut self, patience: Patience, heart: &Task) -> Option<usize> {
        let shared = self.shared.clone();
        stage::spawn(move || shared.fire())?;
        spin_until(Duration::MAX, || self.shared.ready.load(SeqCst) == 1);
        for (number, racer) in (1..).zip(&mut self.racers) {
            let handle = racer.waker.handle();
            self.shared.begun.store(number, SeqCst);
            racer.began = Instant::now();
            racer.polled = racer.run.poll_unseen(&handle);
            racer.ended = Instant::now();
            drop(handle);
            spin_until(PACE, || self.shared.over.load(SeqCst) >= number);
        }
        heart.live();
        let all = self.racers.len();
        let over = patience.until(|| {
            heart.live();
            self.shared.over.load(SeqCst) == all
        });
        let fired = lock(&self.shared.fired).clone();
        let raced = |(racer, fired): &(&Racer, Instant)| (racer.began..racer.ended).contains(fired);
        over.then(|| self.racers.iter().zip(fired).filter(raced).count())
    }

    /// What happened to one of them, if it was lost.
    fn lost(mut self, wait: Wait, heart: &Task) -> Option<Arc<Task>> {
        let fired = lock(&self.shared.fired).clone();
        self.racers.iter_mut().zip(fired).find_map(|(racer, fired)| {
            if racer.polled != Polled::Pending || racer.waker.woken() {
                return None;
            }
            let task = racer.waker.task.clone();
            let (number, waker) = (if racer.second { 2 } else { 1 }, racer.waker.name);
            let begins = What::PollBegins { number, waker, forced: racer.second };
            task.note_at(racer.began, begins);
            task.note_at(fired, What::EventFired(1));
            task.note_at(racer.ended, What::PollEnds { number, how: Polled::Pending });
            is_lost(&mut racer.run, &racer.waker, wait, heart).then_some(task)
        })
    }
}

impl Shared {
    fn fire(&self) {
        let events = std::mem::take(&mut *lock(&self.events));
        let mut times = Vec::with_capacity(events.len());
        self.ready.store(1, SeqCst);
        for (number, (event, delay)) in (1..).zip(events) {
            spin_until(Duration::MAX, || self.begun.load(SeqCst) >= number);
            // Only while that poll may still be under way.
            if self.begun.load(SeqCst) == number {
                spin_until(delay, || false);
            }
            times.push(Instant::now());
            let _ = panics::catch(event);
            if number == ROW {
                lock(&self.fired).append(&mut times);
            }
            self.over.store(number, SeqCst);
        }
    }
}

/// Spins, for that long at most. If it takes very long, lets others run.
fn spin_until(longest: Duration, mut done: impl FnMut() -> bool) {
    let (began, mut spins) = (Instant::now(), 0_u32);
    while !done() && began.elapsed() < longest {
        spins += 1;
        if spins % 4096 == 0 {
            thread::yield_now();
        }
        spin_loop();
    }
}
