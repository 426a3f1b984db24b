//! A group of a thousand timers in one task. Each timer has its own waker.
//!
//! What is checked of each timer: it completes when its clock has reached its deadline, and not before; its task is
//! woken by then; and its waker is called at most once for each poll that registered it. A spurious wake-up is
//! allowed: a timer whose deadline was moved later may be woken at the old one.

use crate::random::Random;
use crate::state::State;
use dormouse::time::{Instant, Sleep};
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

/// The farthest deadline of a new timer.
const FARTHEST_US: usize = 20_000_000;
/// How often each group changes some timers, and how many.
const CHANGE_PERIOD: Duration = Duration::from_millis(50);
const CHANGES: usize = 20;
/// A timer is lost if it is overdue by this much, and the task of its group has run this often since. The second
/// condition excludes a machine that stalls.
const LOST_AFTER: Duration = Duration::from_secs(20);
const LOST_AFTER_CHECKS: u32 = 100;
/// A group takes a sleep out of transit if more than this many are in it.
const IN_TRANSIT: usize = 64;

/// One timer in one group.
struct Timer {
    sleep: Sleep,
    /// How often it was found to be overdue.
    overdue_checks: u32,
    waker: Arc<TimerWaker>,
}

/// The waker of one timer.
struct TimerWaker {
    state: Arc<State>,
    woken: Arc<WokenTimers>,
    slot: usize,
    /// Polls that registered this waker, minus its calls.
    registered: AtomicU32,
}

/// The timers of a group whose wakers were called, and the task that polls them.
#[derive(Default)]
struct WokenTimers {
    slots: Mutex<Vec<usize>>,
    task: Mutex<Option<Waker>>,
}

impl TimerWaker {
    /// Returns false if there is no registration left.
    fn unregister(&self) -> bool {
        let subtract = |registered: u32| registered.checked_sub(1);
        self.registered.fetch_update(Ordering::SeqCst, Ordering::SeqCst, subtract).is_ok()
    }
}

impl Wake for TimerWaker {
    fn wake(self: Arc<Self>) {
        if !self.unregister() {
            self.state.stats.fault(format!("the timer in slot {} was woken twice", self.slot));
        }
        self.woken.slots.lock().expect("no panic under this lock").push(self.slot);
        let task = self.woken.task.lock().expect("no panic under this lock").take();
        task.into_iter().for_each(Waker::wake);
    }
}

struct Group {
    state: Arc<State>,
    executor: usize,
    woken: Arc<WokenTimers>,
    random: Random,
    timers: Vec<Option<Timer>>,
}

/// Keeps `size` timers pending until the run stops, and then waits for each of them.
pub(crate) async fn run(state: Arc<State>, executor: usize, size: usize, seed: u64) {
    let woken = Arc::<WokenTimers>::default();
    let timers = (0..size).map(|_| None).collect();
    let mut group = Group { state, executor, woken, random: Random::new(seed), timers };
    for slot in 0..size {
        group.create(slot);
    }
    let mut stopping = false;
    while !stopping {
        let mut pause = dormouse::sleep(CHANGE_PERIOD);
        poll_fn(|cx| {
            group.poll_woken(cx);
            Pin::new(&mut pause).poll(cx)
        })
        .await;
        stopping = group.state.stopping.load(Ordering::Relaxed);
        if !stopping {
            (0..CHANGES).for_each(|_| group.change_one());
        }
        group.check_lost();
    }
    group.finish().await;
}

impl Group {
    fn random_deadline(&mut self, farthest_us: usize) -> Instant {
        Instant::now() + Duration::from_micros(self.random.below(farthest_us) as u64)
    }

    fn create(&mut self, slot: usize) {
        let deadline = self.random_deadline(FARTHEST_US);
        self.state.stats.created.add();
        self.insert(slot, dormouse::sleep_until(deadline));
    }

    /// Puts a sleep into a slot, and polls it there.
    fn insert(&mut self, slot: usize, sleep: Sleep) {
        let (state, woken) = (self.state.clone(), self.woken.clone());
        let waker = Arc::new(TimerWaker { state, woken, slot, registered: AtomicU32::new(0) });
        self.timers[slot] = Some(Timer { sleep, overdue_checks: 0, waker });
        self.poll(slot);
    }

    /// Polls a timer, and replaces it if it has completed.
    fn poll(&mut self, slot: usize) {
        let Some(timer) = &mut self.timers[slot] else { return };
        timer.waker.registered.fetch_add(1, Ordering::SeqCst);
        let waker = Waker::from(timer.waker.clone());
        let deadline = timer.sleep.deadline();
        if Pin::new(&mut timer.sleep).poll(&mut Context::from_waker(&waker)).is_pending() {
            return;
        }
        // This poll did not register the waker.
        timer.waker.unregister();
        let now = Instant::now();
        if now < deadline {
            self.state.stats.fault(format!("a timer was early by {:?}", deadline - now));
        }
        self.state.stats.record_lateness(self.executor, now - deadline);
        self.state.stats.fired.add();
        self.timers[slot] = None;
        if !self.state.stopping.load(Ordering::Relaxed) {
            self.create(slot);
        }
    }

    /// Polls the timers whose wakers were called.
    fn poll_woken(&mut self, cx: &mut Context<'_>) {
        let task =
            self.woken.task.lock().expect("no panic under this lock").replace(cx.waker().clone());
        drop(task);
        loop {
            let slots =
                std::mem::take(&mut *self.woken.slots.lock().expect("no panic under this lock"));
            if slots.is_empty() {
                return;
            }
            slots.into_iter().for_each(|slot| self.poll(slot));
        }
    }

    fn change_one(&mut self) {
        let slot = self.random.below(self.timers.len());
        match self.random.below(4) {
            0 => {
                self.timers[slot] = None;
                self.state.stats.cancelled.add();
                self.create(slot);
            }
            1 | 2 => {
                let deadline = self.random_deadline(FARTHEST_US);
                let Some(timer) = &mut self.timers[slot] else { return };
                // Not polled afterwards: the reset alone has to keep the registration.
                timer.sleep.reset(deadline);
                self.state.stats.reset.add();
            }
            _ => self.exchange(slot),
        }
    }

    /// Sends a timer to another group, and receives one from another group.
    fn exchange(&mut self, slot: usize) {
        let sent = self.timers[slot].take().map(|timer| timer.sleep);
        let received = {
            let mut in_transit = self.state.in_transit.lock().expect("no panic under this lock");
            // The one that has waited longest.
            let received = (in_transit.len() > IN_TRANSIT).then(|| in_transit.remove(0));
            in_transit.extend(sent);
            received
        };
        match received {
            Some(sleep) => {
                self.state.stats.moved.add();
                self.insert(slot, sleep);
            }
            None => self.create(slot),
        }
    }

    fn check_lost(&mut self) {
        let now = Instant::now();
        for slot in 0..self.timers.len() {
            let Some(timer) = &mut self.timers[slot] else { continue };
            if timer.sleep.deadline() + LOST_AFTER >= now {
                continue;
            }
            timer.overdue_checks += 1;
            if timer.overdue_checks > LOST_AFTER_CHECKS {
                let late = now - timer.sleep.deadline();
                self.state.stats.fault(format!("a timer is lost: it was due {late:?} ago"));
                self.create(slot);
            }
        }
    }

    /// Moves all deadlines to within a second, and waits for all timers.
    async fn finish(&mut self) {
        for slot in 0..self.timers.len() {
            let deadline = self.random_deadline(1_000_000);
            if let Some(timer) = &mut self.timers[slot] {
                timer.sleep.reset(deadline);
                self.poll(slot);
            }
        }
        let mut time_limit = dormouse::sleep(LOST_AFTER);
        poll_fn(|cx| {
            self.poll_woken(cx);
            let pending = self.timers.iter().flatten().count();
            if pending == 0 {
                return Poll::Ready(());
            }
            let over = Pin::new(&mut time_limit).poll(cx);
            if over.is_ready() {
                self.state.stats.fault(format!("{pending} timers are lost at the end"));
            }
            over
        })
        .await;
    }
}
