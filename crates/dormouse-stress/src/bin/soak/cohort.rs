//! A thousand timers in one task, each with a waker of its own.
//!
//! What is checked of each timer: it is over when its clock has reached its deadline, and not before; its task is woken
//! by then, and no more often than it was registered. That a wake-up may be for nothing is understood: a timer that
//! was put off is polled at its former deadline.

use crate::ledger::{Count, Ledger};
use crate::random::Random;
use dormouse::time::{Instant, Sleep};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// Deadlines are so far off at most.
const FARTHEST_US: usize = 20_000_000;
/// How often each cohort changes something, and how much.
const PERIOD: Duration = Duration::from_millis(50);
const CHANGES: usize = 20;
/// A timer that has not fired by then is lost, if its cohort has been at work meanwhile: a machine can stand still.
const LOST: Duration = Duration::from_secs(20);
const LOST_LOOKS: u32 = 100;

/// What all cohorts share.
pub(crate) struct Field {
    pub(crate) ledger: Ledger,
    /// Nothing new from here on.
    pub(crate) ending: AtomicBool,
    /// How often the machine has stood still.
    pub(crate) standstills: Count,
    /// Timers on their way from one cohort to another.
    travelling: Mutex<Vec<Timer>>,
}

impl Field {
    pub(crate) fn new() -> Field {
        Field {
            ledger: Ledger::default(),
            ending: AtomicBool::new(false),
            standstills: Count::default(),
            travelling: Mutex::default(),
        }
    }
}

struct Timer {
    sleep: Sleep,
    /// How often it was found to be late.
    late_looks: u32,
    bell: Arc<Bell>,
}

/// The waker of one timer in one cohort.
struct Bell {
    field: Arc<Field>,
    desk: Arc<Desk>,
    place: usize,
    /// Polls that have left the waker, less the calls of it.
    open: AtomicU32,
}

/// Where a cohort is told which of its timers to look at.
#[derive(Default)]
struct Desk {
    rung: Mutex<Vec<usize>>,
    task: Mutex<Option<Waker>>,
}

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        let left =
            self.open.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |open| open.checked_sub(1));
        if left.is_err() {
            self.field.ledger.fault(format!("the timer in place {} was woken twice", self.place));
        }
        self.desk.rung.lock().expect("no panic under this lock").push(self.place);
        let task = self.desk.task.lock().expect("no panic under this lock").take();
        task.into_iter().for_each(Waker::wake);
    }
}

struct Cohort {
    field: Arc<Field>,
    executor: usize,
    desk: Arc<Desk>,
    random: Random,
    timers: Vec<Option<Timer>>,
}

/// Keeps `size` timers going until the field ends, and then waits for each of them.
pub(crate) async fn run(field: Arc<Field>, executor: usize, size: usize, seed: u64) {
    let desk = Arc::<Desk>::default();
    let timers = (0..size).map(|_| None).collect();
    let mut cohort = Cohort { field, executor, desk, random: Random::new(seed), timers };
    for place in 0..size {
        cohort.create(place);
    }
    let mut ending = false;
    while !ending {
        let mut pause = dormouse::sleep(PERIOD);
        poll_fn(|cx| {
            cohort.serve(cx);
            Pin::new(&mut pause).poll(cx)
        })
        .await;
        ending = cohort.field.ending.load(Ordering::Relaxed);
        if !ending {
            (0..CHANGES).for_each(|_| cohort.change());
        }
        cohort.look_for_lost();
    }
    cohort.end().await;
}

impl Cohort {
    fn far(&mut self, farthest_us: usize) -> Instant {
        Instant::now() + Duration::from_micros(self.random.below(farthest_us) as u64)
    }

    fn create(&mut self, place: usize) {
        let deadline = self.far(FARTHEST_US);
        self.field.ledger.created.add();
        self.settle(place, dormouse::sleep_until(deadline));
    }

    /// Gives a sleep a place, and polls it there.
    fn settle(&mut self, place: usize, sleep: Sleep) {
        let (field, desk) = (self.field.clone(), self.desk.clone());
        let bell = Arc::new(Bell { field, desk, place, open: AtomicU32::new(0) });
        self.timers[place] = Some(Timer { sleep, late_looks: 0, bell });
        self.look(place);
    }

    /// Polls a timer, and makes another if it is over.
    fn look(&mut self, place: usize) {
        let Some(timer) = &mut self.timers[place] else { return };
        timer.bell.open.fetch_add(1, Ordering::SeqCst);
        let waker = Waker::from(timer.bell.clone());
        let deadline = timer.sleep.deadline();
        if Pin::new(&mut timer.sleep).poll(&mut Context::from_waker(&waker)).is_pending() {
            return;
        }
        // It has not left its waker this time.
        let _ = timer
            .bell
            .open
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |open| open.checked_sub(1));
        let now = Instant::now();
        if now < deadline {
            self.field.ledger.fault(format!("a timer was early by {:?}", deadline - now));
        }
        self.field.ledger.note_late(self.executor, now - deadline);
        self.field.ledger.fired.add();
        self.timers[place] = None;
        if !self.field.ending.load(Ordering::Relaxed) {
            self.create(place);
        }
    }

    /// Looks at the timers whose wakers have been called.
    fn serve(&mut self, cx: &mut Context<'_>) {
        let task =
            self.desk.task.lock().expect("no panic under this lock").replace(cx.waker().clone());
        drop(task);
        loop {
            let rung =
                std::mem::take(&mut *self.desk.rung.lock().expect("no panic under this lock"));
            if rung.is_empty() {
                return;
            }
            rung.into_iter().for_each(|place| self.look(place));
        }
    }

    fn change(&mut self) {
        let place = self.random.below(self.timers.len());
        match self.random.below(4) {
            0 => {
                self.timers[place] = None;
                self.field.ledger.cancelled.add();
                self.create(place);
            }
            1 | 2 => {
                let deadline = self.far(FARTHEST_US);
                let Some(timer) = &mut self.timers[place] else { return };
                // What it is to be woken by may be gone, or is only now there: it is not polled here.
                timer.sleep.reset(deadline);
                self.field.ledger.reset.add();
            }
            _ => self.exchange(place),
        }
    }

    /// Sends a timer away, and takes in one that another cohort has sent.
    fn exchange(&mut self, place: usize) {
        let leaving = self.timers[place].take();
        let coming = {
            let mut travelling = self.field.travelling.lock().expect("no panic under this lock");
            // The one that has waited longest.
            let coming = (travelling.len() > 64).then(|| travelling.remove(0));
            travelling.extend(leaving);
            coming
        };
        match coming {
            Some(timer) => {
                self.field.ledger.moved.add();
                self.settle(place, timer.sleep);
            }
            None => self.create(place),
        }
    }

    fn look_for_lost(&mut self) {
        let now = Instant::now();
        for place in 0..self.timers.len() {
            let Some(timer) = &mut self.timers[place] else { continue };
            if timer.sleep.deadline() + LOST >= now {
                continue;
            }
            timer.late_looks += 1;
            if timer.late_looks > LOST_LOOKS {
                let late = now - timer.sleep.deadline();
                self.field.ledger.fault(format!("a timer is lost: it was due {late:?} ago"));
                self.create(place);
            }
        }
    }

    /// Has all fire within a second, and waits for that.
    async fn end(&mut self) {
        for place in 0..self.timers.len() {
            let deadline = self.far(1_000_000);
            if let Some(timer) = &mut self.timers[place] {
                timer.sleep.reset(deadline);
                self.look(place);
            }
        }
        let mut patience = dormouse::sleep(LOST);
        poll_fn(|cx| {
            self.serve(cx);
            let left = self.timers.iter().flatten().count();
            if left == 0 {
                return Poll::Ready(());
            }
            let over = Pin::new(&mut patience).poll(cx);
            if over.is_ready() {
                self.field.ledger.fault(format!("{left} timers are lost at the end"));
            }
            over
        })
        .await;
    }
}
