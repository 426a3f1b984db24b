//! An event in the middle of a poll.
//!
//! Another thread lets the event happen at some time after the poll has begun: a little later in each of many tries, from its
//! first instruction to its last. If the event is over, the poll has returned `Pending`, and no wake-up comes,
//! then it was lost in between: typically, between a look at the state and the registration of the waker.

use crate::event::Event;
use crate::finding::Finding;
use crate::kind::Kind;
use crate::patience::Patience;
use crate::probes::Probing;
use crate::process::{self, GLIMPSE};
use crate::stage::{self, Staged};
use crate::subject::Factory;
use crate::task::{Task, lock};
use crate::timeline::{Polled, What};
use std::hint::spin_loop;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// How many tries there are at most.
const TRIES: u32 = 2000;
/// After how long it may be fewer, and how many then.
const ENOUGH: (Duration, u32) = (Duration::from_millis(150), 200);
/// A poll that takes longer is not swept to its end.
const LONGEST: Duration = Duration::from_millis(1);

pub(crate) fn probe(probing: &mut Probing) -> Option<Finding> {
    let wait = Wait { wake: probing.wake(2), rest: probing.wake(3), caller: probing.caller };
    let task = Task::new();
    let staged = probing.stage(&task.clone(), {
        let heart = task.clone();
        move |factory| {
            let took = poll_duration(factory)?;
            let companion = Companion::start()?;
            let began = Instant::now();
            for number in 0..TRIES {
                if number >= ENOUGH.1 && began.elapsed() > ENOUGH.0 {
                    break;
                }
                heart.live();
                // Anywhere in the poll, and a bit further; in an order that jumps around.
                let place = f64::from(number.wrapping_mul(2_654_435_769)) / f64::from(u32::MAX);
                let delay = (took * 3 / 2 + Duration::from_nanos(200)).mul_f64(place);
                if let Some(task) = race(factory, &companion, number % 3 == 2, delay, wait, &heart)?
                {
                    return Some((task, number + 1));
                }
            }
            None
        }
    });
    let Staged::Done(Some((task, tries))) = staged else { return None };
    let headline = format!(
        "an event in the middle of a poll that returns Pending brings no wake-up; a poll that is forced then goes \
         on"
    );
    let finding = Finding::new(Kind::WakeUpRace, headline).log(&task.log());
    Some(finding.detail(format!(
        "it happened at try {tries}, with the event a bit later in the poll each time"
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

/// How long to wait until a wake-up is lost.
#[derive(Clone, Copy, Debug)]
struct Wait {
    wake: Patience,
    /// Beyond that, if somebody still runs. Not asked is the thread that runs the check.
    rest: Patience,
    caller: Option<u32>,
}

/// One try. `Some(Some)` with what happened if the wake-up was lost; `None` if there is nothing to race.
fn race(
    factory: &Factory,
    companion: &Companion,
    second: bool,
    delay: Duration,
    wait: Wait,
    heart: &Task,
) -> Option<Option<Arc<Task>>> {
    let Wait { wake, rest, caller } = wait;
    let task = Task::without_traces();
    let (mut run, mut events) = factory.local(&task).ok()?;
    let Event::Send(event) = events.take()? else { return None };
    let waker = task.waker();
    // The first poll registers, a second one looks whether it is registered: two pieces of code.
    if second && run.poll(&waker, false).progress() {
        return Some(None);
    }
    if waker.woken() {
        return Some(None);
    }

    let handle = waker.handle();
    companion.prepare(event, delay);
    let began = Instant::now();
    companion.go();
    let polled = run.poll_unseen(&handle);
    let ended = Instant::now();
    let fired = companion.wait(wake, heart)?;
    drop(handle);
    if polled != Polled::Pending {
        return Some(None);
    }

    // Where another thread passes the event on, the wake-up takes a while.
    let woken = || {
        heart.live();
        waker.woken()
    };
    if woken() || task.wait(wake, woken) {
        return Some(None);
    }
    // On a machine that is busy it takes longer; but not if all that might do it is asleep.
    let mut asleep = false;
    for _ in 0..rest.0 {
        let then = process::all_threads();
        thread::sleep(GLIMPSE);
        asleep |= process::at_rest(&then, &process::all_threads(), caller);
        if woken() {
            return Some(None);
        }
        if asleep {
            break;
        }
    }
    let number = if second { 2 } else { 1 };
    task.note_at(began, What::PollBegins { number, waker: waker.name, forced: second });
    task.note_at(fired, What::EventFired(1));
    task.note_at(ended, What::PollEnds { number, how: polled });
    task.remark(format!("nothing wakes {}", waker.name));
    let lost = run.poll(&task.waker(), true).progress();
    Some(lost.then_some(task))
}

type Job = (Box<dyn FnOnce() + Send>, Duration);

/// A thread that lets events happen, and spins while it waits, to be there in time.
struct Companion {
    shared: Arc<Shared>,
}

#[derive(Default)]
struct Shared {
    job: Mutex<Option<Job>>,
    fired: Mutex<Option<Instant>>,
    /// How many jobs have been handed over, are about to begin, may begin, and are over.
    handed: AtomicU32,
    ready: AtomicU32,
    begun: AtomicU32,
    over: AtomicU32,
    end: AtomicBool,
}

/// Spins; if that takes long, lets others run.
fn spin_until(mut done: impl FnMut() -> bool) {
    let mut spins = 0_u32;
    while !done() {
        spins += 1;
        if spins % 512 == 0 {
            thread::yield_now();
        } else {
            spin_loop();
        }
    }
}

impl Companion {
    fn start() -> Option<Companion> {
        let shared: Arc<Shared> = Arc::default();
        stage::spawn({
            let shared = shared.clone();
            move || shared.serve()
        })?;
        Some(Companion { shared })
    }

    /// Hands an event over, and waits until the thread has it in its hands.
    fn prepare(&self, event: Box<dyn FnOnce() + Send>, delay: Duration) {
        *lock(&self.shared.job) = Some((event, delay));
        let number = self.shared.handed.fetch_add(1, SeqCst) + 1;
        spin_until(|| self.shared.ready.load(SeqCst) == number);
    }

    fn go(&self) {
        self.shared.begun.fetch_add(1, SeqCst);
    }

    /// Waits until the event is over, and says when it began. `None` if it does not end.
    fn wait(&self, patience: Patience, heart: &Task) -> Option<Instant> {
        let over = || self.shared.over.load(SeqCst) == self.shared.handed.load(SeqCst);
        for _ in 0..10_000 {
            if over() {
                break;
            }
            spin_loop();
        }
        if !over()
            && !patience.until(|| {
                heart.live();
                over()
            })
        {
            return None;
        }
        *lock(&self.shared.fired)
    }
}

impl Drop for Companion {
    fn drop(&mut self) {
        self.shared.end.store(true, SeqCst);
    }
}

impl Shared {
    fn serve(&self) {
        for number in 1.. {
            spin_until(|| self.handed.load(SeqCst) == number || self.end.load(SeqCst));
            let job = lock(&self.job).take();
            let Some((event, delay)) = job else { return };
            self.ready.store(number, SeqCst);
            spin_until(|| self.begun.load(SeqCst) == number);
            let began = Instant::now();
            while began.elapsed() < delay {
                spin_loop();
            }
            let fired = Instant::now();
            let _ = crate::panics::catch(event);
            *lock(&self.fired) = Some(fired);
            self.over.store(number, SeqCst);
        }
    }
}
