//! What has to happen outside of a future before it can be ready: a message is sent, a byte is written.
//!
//! The closure that makes a future registers its events as it runs; each copy of the future has its own.
//! They are fired in that order, each when the future is pending and has nothing to do. A probe chooses the
//! moment and the thread, which is what lets it look for races.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::fmt;

/// One event of one copy.
pub(crate) enum Event {
    /// Fired on any thread.
    Send(Box<dyn FnOnce() + Send>),
    /// Fired on the thread that the copy was made on.
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

thread_local! {
    /// The events of the copy that is being made on this thread.
    static MAKING: RefCell<Option<VecDeque<Event>>> = const { RefCell::new(None) };
}

/// Makes a copy, and takes down its events.
pub(crate) fn collect<R>(make: impl FnOnce() -> R) -> (R, VecDeque<Event>) {
    let outer = MAKING.with_borrow_mut(|making| making.replace(VecDeque::new()));
    // If `make` panics, whatever it registered is dropped by the next one.
    let made = make();
    let events = MAKING.with_borrow_mut(|making| std::mem::replace(making, outer));
    (made, events.unwrap_or_default())
}

fn register(event: Event) {
    MAKING.with_borrow_mut(|making| match making {
        Some(events) => events.push_back(event),
        None => panic!("an event belongs to a future: register it in the closure given to `check`"),
    });
}

/// Says what has to happen before the future that is being made can be ready.
///
/// Call it in the closure that is given to [`check`](crate::check()) and its like, for anything that comes
/// from outside: sending on a channel, writing to a pipe. The checker then decides when that happens, and
/// on which thread: while nobody polls, in the middle of a poll, or never, because the future is dropped.
/// Without it, do not start a thread in the closure to do the same: it would be taken for one that
/// the future leaves behind.
///
/// Several events are fired one after the other, each when the future is waiting.
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
/// If it is called anywhere else than in that closure.
pub fn event(event: impl FnOnce() + Send + 'static) {
    register(Event::Send(Box::new(event)));
}

/// Like [`event()`], for what cannot be sent to another thread. It is fired on the thread of its future.
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
/// If it is called anywhere else than in the closure given to a check.
pub fn local_event(event: impl FnOnce() + 'static) {
    register(Event::Local(Box::new(event)));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_made_while_another_is_made_keeps_its_events_apart() {
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
    #[should_panic(expected = "register it in the closure")]
    fn an_event_without_a_future_is_refused() {
        event(|| ());
    }
}
