//! What the future does to its waker while it holds a lock: it clones the waker, or drops an earlier one.
//!
//! `clone` and `drop` of a waker are foreign code, as `wake` is: a waker may be the last reference to a task, and what that
//! task holds is dropped with it. Few executors do so, and much code relies on that. So the finding is a note.
//!
//! Nothing is deadlocked in order to find this. While the waker is cloned or dropped, another thread fires the event, or
//! creates another future. If it sleeps until that is over, and ends afterwards, the future holds a lock meanwhile.

use crate::event::Event;
use crate::finding::Finding;
use crate::instance::{Events, Factory, LocalInstance};
use crate::kind::Kind;
use crate::probes::beside::{self, Work};
use crate::probes::context::ProbeContext;
use crate::probes::reentrant_wake::create_another;
use crate::sync::lock;
use crate::task::{Task, TaskWaker};
use crate::timeout::Timeout;
use crate::waker_hook::{self, WakerUse};
use crate::watchdog::{self, Around, Outcome};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::sync::{Arc, Mutex, Weak};
use std::task::Waker;
use std::thread;

pub(crate) fn probe(context: &ProbeContext) -> Option<Finding> {
    let clone = context.confirmed(|attempt| attempt_at(context, WakerUse::Clone, attempt));
    let drop = context.confirmed(|attempt| attempt_at(context, WakerUse::Drop, attempt));
    match (clone, drop) {
        (Some(_), Some(drop)) => {
            Some(drop.with_detail("it also clones its waker with a lock held"))
        }
        (clone, drop) => drop.or(clone),
    }
}

fn attempt_at(context: &ProbeContext, used: WakerUse, attempt: u32) -> Option<Finding> {
    let (timeout, around) = (context.wake_timeout(attempt), context.settings.around.clone());
    let task = Task::new();
    let outcome = context.run(&task, move |factory, task| {
        let (instance, mut events) = factory.create(task).ok()?;
        let by_event = !events.is_empty();
        let work = work(factory, &around, &mut events)?;
        let locked = needs_lock(instance, task, work, used, timeout)?;
        // Does it also sleep if no waker is in use?
        let idle_task = Task::without_backtraces();
        let (idle, mut idle_events) = factory.create(&idle_task).ok()?;
        let sleeps = self::work(factory, &around, &mut idle_events).and_then(start)?.waited;
        drop((idle, events, idle_events));
        (locked && !sleeps).then_some(by_event)
    });
    let Outcome::Done(Some(by_event)) = outcome else { return None };
    let what = match used {
        WakerUse::Clone => "it clones its waker",
        WakerUse::Drop => "it drops the waker of an earlier poll",
    };
    let waiting = if by_event { "its event" } else { "another future of this type" };
    let headline = format!("{what} with a lock held: {waiting} has to wait for that");
    Some(Finding::new(Kind::WakeUnderLock, headline).with_log(&task.log()).into_note())
}

/// Polls, and drops the instance. At the first use of the waker, starts the work. Returns whether the work needs a lock that
/// is held there; `None` if there is no such use.
fn needs_lock(
    mut instance: LocalInstance,
    task: &Arc<Task>,
    work: Work,
    used: WakerUse,
    timeout: Timeout,
) -> Option<bool> {
    let armed = Arc::new(AtomicBool::new(used == WakerUse::Clone));
    let (work, beside) = (Arc::new(Mutex::new(Some(work))), Arc::new(Mutex::new(None)));
    let hooked = || {
        let waker = task.waker();
        // Weak, because the work may own what holds the waker.
        let std_waker = hooked(used, &waker, &armed, Arc::downgrade(&work), &beside);
        (waker, std_waker)
    };
    let (first, second) = (hooked(), hooked());
    let pending = !instance.poll_with(&first.0, &first.1, false).made_progress();
    armed.store(true, SeqCst);
    if pending && lock(&beside).is_none() {
        let _ = instance.poll_with(&second.0, &second.1, true);
    }
    if lock(&beside).is_none() {
        let _ = instance.drop_inner();
    }
    armed.store(false, SeqCst);
    let Beside { waited, finished } = lock(&beside).take()?;
    Some(waited && task.wait(timeout, || finished.load(SeqCst)))
}

/// A waker that starts the work when it is used on this thread.
fn hooked(
    used: WakerUse,
    waker: &Arc<TaskWaker>,
    armed: &Arc<AtomicBool>,
    work: Weak<Mutex<Option<Work>>>,
    beside: &Arc<Mutex<Option<Beside>>>,
) -> Waker {
    let (poller, armed, beside) = (thread::current().id(), armed.clone(), beside.clone());
    waker_hook::waker(waker, move |now| {
        if now != used || !armed.load(SeqCst) || thread::current().id() != poller {
            return;
        }
        let work = work.upgrade().and_then(|work| lock(&work).take());
        if let Some(started) = work.and_then(start) {
            *lock(&beside) = Some(started);
        }
    })
}

/// The next event; without one, the creation of another instance. `None` if the event stays on this thread.
fn work(factory: &Factory, around: &Around, events: &mut Events) -> Option<Work> {
    match events.take() {
        Some(Event::Send(event)) => Some(event),
        Some(Event::Local(_)) => None,
        None => {
            let (factory, around) = (factory.clone(), around.clone());
            Some(Box::new(move || {
                let _ = watchdog::call_inside(&around, || create_another(&factory));
            }))
        }
    }
}

/// Work on another thread.
struct Beside {
    finished: Arc<AtomicBool>,
    /// It has slept.
    waited: bool,
}

/// Starts the work. Waits until it ends or sleeps.
fn start(work: Work) -> Option<Beside> {
    let finished = Arc::default();
    let waited = beside::run(work, &finished, || ())?;
    Some(Beside { finished, waited })
}
