//! Events outside a future that the future waits for: a message is sent, a byte is written.
//!
//! The closure that creates a future registers its events as it runs, so each instance has its own events. They are
//! fired in that order, each when the future is pending and not woken. A probe chooses the moment and the thread, which
//! lets it look for races.

use crate::sync::lock;
use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;
use std::sync::Mutex;

/// One event of one instance.
pub(crate) enum Event {
    /// Fired on any thread.
    Send(Box<dyn FnOnce() + Send>),
    /// Fired on the thread that created the instance.
    Local(Box<dyn FnOnce()>),
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Event::Send(_) => "Event::Send",
            Event::Local(_) => "Event::Local",
        })
    }
}

/// Which events cause a wake-up. Shared by all instances, so a wait that brought nothing is not repeated in each of
/// them: the first half of a message wakes no task, and neither does the first of two permits.
#[derive(Debug, Default)]
pub(crate) struct EventHabits(Mutex<Vec<Habit>>);

/// What was seen of the events with the same number.
#[derive(Clone, Copy, Debug, Default)]
struct Habit {
    /// A wake-up followed at least once.
    woke: bool,
    /// None followed within the whole timeout at least once.
    silent: bool,
}

impl EventHabits {
    /// Whether no wake-up is expected after event `number`, counted from 1.
    pub(crate) fn is_silent(&self, number: u32) -> bool {
        let habits = lock(&self.0);
        habits.get(number as usize).is_some_and(|habit| habit.silent && !habit.woke)
    }

    /// Records whether a wake-up followed event `number`. The caller has waited for the whole timeout if none did.
    pub(crate) fn record(&self, number: u32, woke: bool) {
        let mut habits = lock(&self.0);
        let index = number as usize;
        if habits.len() <= index {
            habits.resize(index + 1, Habit::default());
        }
        habits[index].woke |= woke;
        habits[index].silent |= !woke;
    }
}

thread_local! {
    /// The events of the instance that is being created on this thread.
    static CREATING: RefCell<Option<VecDeque<Event>>> = const { RefCell::new(None) };
}

/// Runs `create`, which must not panic, and collects the events that it registers.
pub(crate) fn collect<R>(create: impl FnOnce() -> R) -> (R, VecDeque<Event>) {
    let outer = CREATING.with_borrow_mut(|creating| creating.replace(VecDeque::new()));
    let created = create();
    let events = CREATING.with_borrow_mut(|creating| std::mem::replace(creating, outer));
    (created, events.unwrap_or_default())
}

#[track_caller]
fn register(event: Event) {
    let registered = CREATING.with_borrow_mut(|creating| {
        creating.as_mut().map(|events| events.push_back(event)).is_some()
    });
    assert!(
        registered,
        "an event belongs to a future: register it in the closure given to `check`, before the future is polled"
    );
}

/// Registers an event that has to happen before the future can be ready.
///
/// Call it in the closure that is given to [`check`](crate::check()) or one of its variants, for anything that comes
/// from outside: sending on a channel, writing to a pipe. The checker then decides when the event happens, and
/// on which thread: between two polls, in the middle of a poll, or never, because the future is dropped.
/// Do not start a thread in the closure instead: it would be reported as a thread that the future leaves behind.
///
/// Several events are fired one after the other, each when the future is waiting. An event does not have to wake the
/// future: if no wake-up follows, the next event is fired.
///
/// ```
/// use futures::channel::oneshot;
///
/// dormouse_check::check(|| {
///     let (sender, receiver) = oneshot::channel();
///     dormouse_check::event(move || drop(sender.send(7)));
///     receiver
/// })
/// .expect_output(|output| *output == Ok(7))
/// .run()
/// .assert();
/// ```
///
/// # Panics
/// Outside of that closure.
#[track_caller]
pub fn event(event: impl FnOnce() + Send + 'static) {
    register(Event::Send(Box::new(event)));
}

/// Like [`event()`], for a closure that is not `Send`. It is fired on the thread of its future.
///
/// ```
/// use std::{cell::Cell, future::poll_fn, rc::Rc, task::{Poll, Waker}};
///
/// dormouse_check::check_local(|| {
///     let waiting: Rc<Cell<Option<Waker>>> = Rc::default();
///     let done = Rc::new(Cell::new(false));
///     // Not kept alive by the event: if the future is dropped, so is its waker.
///     let (wake, set) = (Rc::downgrade(&waiting), done.clone());
///     dormouse_check::local_event(move || {
///         set.set(true);
///         if let Some(waker) = wake.upgrade().and_then(|waiting| waiting.take()) {
///             waker.wake();
///         }
///     });
///     poll_fn(move |context| {
///         if done.get() {
///             return Poll::Ready(());
///         }
///         waiting.set(Some(context.waker().clone()));
///         Poll::Pending
///     })
/// })
/// .run()
/// .assert();
/// ```
///
/// # Panics
/// Outside of the closure that is given to a check.
#[track_caller]
pub fn local_event(event: impl FnOnce() + 'static) {
    register(Event::Local(Box::new(event)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instance_created_inside_another_one_has_its_own_events() {
        let (inner, outer) = collect(|| {
            event(|| ());
            let ((), inner) = collect(|| {
                event(|| ());
                event(|| ());
            });
            event(|| ());
            inner
        });
        assert_eq!((inner.len(), outer.len()), (2, 2));
    }

    #[test]
    fn an_event_that_has_caused_a_wake_up_once_is_never_silent() {
        let habits = EventHabits::default();
        assert!(!habits.is_silent(1));
        habits.record(1, false);
        assert!(habits.is_silent(1) && !habits.is_silent(2));
        habits.record(1, true);
        habits.record(1, false);
        assert!(!habits.is_silent(1));
    }

    #[test]
    #[should_panic(expected = "register it in the closure")]
    fn an_event_outside_of_a_check_panics() {
        event(|| ());
    }
}
