//! A batch of instances, each with an event at another moment of its poll.
//!
//! One thread polls the instances, one after the other. Another thread follows it, and fires the event of each instance
//! during its poll; or begins to fire it shortly before, if the event itself takes some time.
//!
//! On a busy machine, the two threads seldom run at the same time. So before each poll, (1) the polling thread increments
//! `calls`, (2) the other thread copies it to `answers`, (3) the polling thread sees that while it spins, and increments
//! `signals`: then both threads have a CPU. If the answer does not come, the other thread is kept off the CPU of the polling
//! thread: otherwise they may share it for seconds. An instance whose event is late all the same is not raced.

use super::lost::LostCheck;
use super::racer::{RacePoint, Racer};
use crate::driver::DriveOutcome;
use crate::instance::Factory;
use crate::panics;
use crate::probes::beside::Work;
use crate::process;
use crate::sync::lock;
use crate::task::Task;
use crate::timeline::{Action, PollResult};
use crate::timeout::Timeout;
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How many instances are in a batch.
const BATCH: usize = 32;
/// How long the thread that polls spins for the other one, beyond the duration of an event.
const MAX_LAG: Duration = Duration::from_micros(20);
/// If there is no signal for so long, a poll does not return, and the thread that polls has been abandoned.
const GIVE_UP: Duration = Duration::from_secs(20);
/// How many times the thread that polls gives up its CPU before it polls without an answer of the other one; and after how
/// many of these it moves the other thread to another CPU.
const MAX_YIELDS: u32 = 100;
const MOVE_AFTER: u32 = 10;
/// If an event takes longer, only its end is covered.
const MAX_EVENT_TIME: Duration = Duration::from_micros(200);
/// If a signal takes longer, the other thread did not run.
const MAX_SIGNAL_TIME: Duration = Duration::from_micros(5);

/// How long what happens in a race is expected to take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Timing {
    pub(super) poll: Duration,
    pub(super) event: Duration,
    /// From the signal to the beginning of an event without a delay.
    pub(super) signal: Duration,
}

pub(super) struct Batch {
    entries: Vec<Entry>,
    shared: Arc<Shared>,
    timing: Timing,
}

/// An instance, and its raced poll.
struct Entry {
    racer: Racer,
    task: Arc<Task>,
    point: RacePoint,
    /// How long after the signal to the other thread the poll begins, and its event.
    delay: Duration,
    event_delay: Duration,
    signaled: Instant,
    began: Instant,
    ended: Instant,
    result: PollResult,
    /// The result of the next poll, if the raced one was followed by a wake-up.
    next: Option<PollResult>,
}

/// An event, and how long after the signal it is fired.
type DelayedEvent = (Work, Duration);

/// What the thread that polls and the thread that fires share.
struct Shared {
    events: Mutex<Vec<DelayedEvent>>,
    /// When each event began, and when it returned.
    fired: Mutex<Vec<(Instant, Instant)>>,
    /// The thread that fires is running, and its id.
    ready: AtomicBool,
    firing_thread: AtomicU32,
    /// How often the thread that fires was asked whether it is running, and the last question that it has answered.
    calls: AtomicUsize,
    answers: AtomicUsize,
    /// For how many instances the signal was given.
    signals: AtomicUsize,
    /// How many events have returned.
    events_returned: AtomicUsize,
}

impl Batch {
    pub(super) fn new(
        factory: &Factory,
        tries: usize,
        point: impl Fn(usize) -> RacePoint,
        timeout: Timeout,
        timing: Timing,
    ) -> Option<Batch> {
        let (mut entries, mut events) = (Vec::with_capacity(BATCH), Vec::with_capacity(BATCH));
        let span = timing.event + timing.poll + timing.poll / 4 + Duration::from_nanos(100);
        for number in tries..tries + BATCH {
            let task = Task::without_backtraces();
            let mut point = point(number);
            let reached = point.reach(factory, &task, timeout).or_else(|| {
                // Perhaps the poll before that one makes progress.
                point.polls = point.polls.saturating_sub(1);
                point.reach(factory, &task, timeout)
            });
            let (racer, event) = reached?;
            // Multiplicative hashing: a scattered order that covers the whole span.
            let position = (number as u32).wrapping_mul(2_654_435_769);
            let offset = span.mul_f64(f64::from(position) / f64::from(u32::MAX));
            // If the offset is less than the duration of the event, the poll begins during the event.
            let delay = timing.signal + timing.event.saturating_sub(offset);
            let event_delay = offset.saturating_sub(timing.event);
            events.push((event, event_delay));
            let now = Instant::now();
            entries.push(Entry {
                racer,
                task,
                point,
                delay,
                event_delay,
                signaled: now,
                began: now,
                ended: now,
                result: PollResult::Pending,
                next: None,
            });
        }
        let shared = Arc::new(Shared {
            events: Mutex::new(events),
            fired: Mutex::new(Vec::with_capacity(BATCH)),
            ready: AtomicBool::new(false),
            firing_thread: AtomicU32::new(0),
            calls: AtomicUsize::new(0),
            answers: AtomicUsize::new(0),
            signals: AtomicUsize::new(0),
            events_returned: AtomicUsize::new(0),
        });
        Some(Batch { entries, shared, timing })
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// Polls each instance. Returns how many events happened during their polls; `None` if an event does not return.
    pub(super) fn race(&mut self, timeout: Timeout, probe_task: &Task) -> Option<usize> {
        let shared = self.shared.clone();
        process::spawn(move || shared.fire_events())?;
        spin_until(Duration::MAX, || self.shared.ready.load(SeqCst));
        for (number, entry) in (1..).zip(&mut self.entries) {
            let waker = entry.racer.waker.to_waker();
            self.shared.call();
            entry.signaled = Instant::now();
            self.shared.signals.store(number, SeqCst);
            spin_until(entry.delay, || false);
            entry.began = Instant::now();
            entry.result = entry.racer.poll_unrecorded(&waker);
            entry.ended = Instant::now();
            drop(waker);
            let returned = || self.shared.events_returned.load(SeqCst) >= number;
            spin_until(MAX_LAG + self.timing.event, returned);
        }
        probe_task.heartbeat();
        let all = self.entries.len();
        let returned = timeout.wait_until(|| {
            probe_task.heartbeat();
            self.shared.events_returned.load(SeqCst) == all
        });
        let fired = lock(&self.shared.fired).clone();
        let overlap = |(entry, (began, returned)): &(&Entry, (Instant, Instant))| {
            *began < entry.ended && *returned > entry.began
        };
        returned.then(|| self.entries.iter().zip(fired).filter(overlap).count())
    }

    /// The timing of this batch, for the next one. A batch whose threads seldom ran at the same time proves little, so the
    /// shortest times count.
    pub(super) fn timing(&self) -> Timing {
        let fired = lock(&self.shared.fired);
        let events = fired.iter().map(|(began, returned)| returned.duration_since(*began));
        let signals = self.entries.iter().zip(&*fired).map(|(entry, (began, _))| {
            began.saturating_duration_since(entry.signaled).saturating_sub(entry.event_delay)
        });
        Timing {
            poll: self.timing.poll,
            event: events.min().unwrap_or_default().min(MAX_EVENT_TIME),
            signal: signals.min().unwrap_or_default().min(MAX_SIGNAL_TIME),
        }
    }

    /// An instance that did not complete: how, and its task, with the log of what happened to it.
    pub(super) fn find_broken(
        mut self,
        check: LostCheck,
        probe_task: &Task,
    ) -> Option<(DriveOutcome, Arc<Task>, RacePoint)> {
        // First those that were woken: if instances share a pool, each of them passes on what the next one waits for.
        while self.entries.iter_mut().map(Entry::poll_if_woken).filter(|&polled| polled).count() > 0
        {
        }
        let fired = lock(&self.shared.fired).clone();
        self.entries.iter_mut().zip(fired).find_map(|(entry, (fired_at, _))| {
            if entry.is_unsuspicious() {
                return None;
            }
            entry.record(fired_at);
            let result = entry.next.take().unwrap_or_else(|| entry.result.clone());
            let outcome = entry.racer.complete(result, check, probe_task, false);
            let broken = !matches!(outcome, DriveOutcome::Ready | DriveOutcome::BusyWake(_));
            broken.then(|| (outcome, entry.task.clone(), entry.point))
        })
    }
}

impl Entry {
    /// Polls again if the raced poll was followed by a wake-up; once, to save time. Returns whether it has polled.
    fn poll_if_woken(&mut self) -> bool {
        let is_due =
            self.result == PollResult::Pending && self.next.is_none() && self.racer.waker.woken();
        if is_due {
            let waker = self.racer.waker.to_waker();
            self.next = Some(self.racer.poll_unrecorded(&waker));
        }
        is_due
    }

    /// Whether it made progress, or was woken.
    fn is_unsuspicious(&self) -> bool {
        match self.next.as_ref().unwrap_or(&self.result) {
            PollResult::Pending => self.next.is_some(),
            PollResult::Item | PollResult::Ready => true,
            PollResult::WrongOutput | PollResult::Panicked(_) => false,
        }
    }

    /// Adds the race to the log.
    fn record(&mut self, fired_at: Instant) {
        let (number, waker) = (self.racer.count_poll(), self.racer.waker.id);
        let begins = Action::PollBegins { number, waker, forced: self.racer.forced };
        self.task.record_at(self.began, begins);
        self.task.record_at(fired_at, Action::EventFired(self.racer.event_number));
        let result = self.result.clone();
        self.task.record_at(self.ended, Action::PollEnds { number, result });
        if let Some(next) = &self.next {
            self.task.comment(format!("it was woken, and polled again -> {next}"));
        }
    }
}

impl Shared {
    /// Waits until the thread that fires is running.
    fn call(&self) {
        for yields in 0..MAX_YIELDS {
            let call = self.calls.fetch_add(1, SeqCst) + 1;
            // Once it is on another CPU, a short spin finds it running.
            let limit = if yields < MOVE_AFTER { MAX_LAG } else { MAX_LAG / 4 };
            if spin_until(limit, || self.answers.load(SeqCst) >= call) {
                return;
            }
            if yields % MOVE_AFTER == MOVE_AFTER - 1 {
                process::keep_off_this_cpu(self.firing_thread.load(SeqCst));
            }
            thread::sleep(MAX_LAG);
        }
    }

    fn fire_events(&self) {
        let events = std::mem::take(&mut *lock(&self.events));
        let all = events.len();
        let mut fired = Vec::with_capacity(all);
        self.firing_thread.store(process::current_thread_id().unwrap_or(0), SeqCst);
        self.ready.store(true, SeqCst);
        for (number, (event, delay)) in (1..).zip(events) {
            let signaled = spin_until(GIVE_UP, || {
                self.answers.store(self.calls.load(SeqCst), SeqCst);
                self.signals.load(SeqCst) >= number
            });
            if !signaled {
                return;
            }
            // No delay if the next poll has begun: this one is over.
            if self.signals.load(SeqCst) == number {
                spin_until(delay, || false);
            }
            let began = Instant::now();
            let _ = panics::catch(event);
            fired.push((began, Instant::now()));
            if number == all {
                lock(&self.fired).append(&mut fired);
            }
            self.events_returned.store(number, SeqCst);
        }
    }
}

/// Spins until `done`, or for the length of `limit`. Returns whether it is done. A long spin yields the CPU from time to
/// time.
fn spin_until(limit: Duration, mut done: impl FnMut() -> bool) -> bool {
    let (began, mut spins) = (Instant::now(), 0_u32);
    while !done() {
        if began.elapsed() >= limit {
            return false;
        }
        spins += 1;
        if spins % 4096 == 0 {
            thread::yield_now();
        }
        spin_loop();
    }
    true
}
