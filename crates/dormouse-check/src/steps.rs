//! A future that a test polls by hand, one step at a time.
//!
//! Nothing happens between two calls of the test: there is no executor, no thread and no timeout. A test that needs a
//! certain order of polls, wake-ups and events writes it down. [`check`](crate::check()) tries orders of its own.
//!
//! # Invariants
//! - The future is dropped before its events, which may own what it uses.
//! - `is_woken` and `wakes` are about the waker of the last poll, because the contract promises no other wake-up.

mod assertions;

use crate::event::{self, Event};
use crate::task::{Task, TaskWaker};
use crate::timeline::{Action, PollResult};
use futures_core::Stream;
use std::collections::VecDeque;
use std::fmt;
use std::ops::{Deref, DerefMut};
use std::panic::{self, AssertUnwindSafe};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

/// A future or a stream that is polled step by step, without an executor.
///
/// The methods have the names of tokio-test's `task::spawn`, and of its macros. An assertion that fails prints the steps
/// that lead to it.
///
/// ```
/// use dormouse_check::{Steps, event};
/// use futures::channel::oneshot;
///
/// let mut receiver = Steps::from_fn(|| {
///     let (sender, receiver) = oneshot::channel();
///     event(move || drop(sender.send(7)));
///     receiver
/// });
/// receiver.assert_pending();
/// assert!(!receiver.is_woken());
/// receiver.event();
/// assert!(receiver.is_woken());
/// receiver.assert_ready_eq(Ok(7));
/// ```
///
/// The future need not be `Send`, and it may borrow:
///
/// ```
/// let mutex = tokio::sync::Mutex::new(());
/// let guard = mutex.try_lock();
/// let mut second = dormouse_check::Steps::new(mutex.lock());
/// second.assert_pending();
/// drop(guard);
/// assert_eq!(second.wakes(), 1);
/// let _guard = second.assert_ready();
/// ```
pub struct Steps<F> {
    /// `None` after it was dropped.
    future: Option<Pin<Box<F>>>,
    events: VecDeque<Event>,
    fired: u32,
    polls: u32,
    task: Arc<Task>,
    waker: Arc<TaskWaker>,
}

impl<F: fmt::Debug> fmt::Debug for Steps<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Steps")
            .field("future", &self.future)
            .field("polls", &self.polls)
            .field("wakes", &self.wakes())
            .field("woken", &self.is_woken())
            .field("events", &self.events.len())
            .finish_non_exhaustive()
    }
}

impl<F> Steps<F> {
    /// A future or a stream that has not been polled yet.
    ///
    /// ```
    /// let mut steps = dormouse_check::Steps::new(async { 7 });
    /// steps.assert_ready_eq(7);
    /// ```
    pub fn new(future: F) -> Steps<F> {
        Steps::with_events(future, VecDeque::new())
    }

    /// Creates a future by a closure, as [`check`](crate::check()) does. The closure registers the events that
    /// [`event`](Steps::event) fires.
    ///
    /// ```
    /// use dormouse_check::{Steps, hostile};
    ///
    /// let mut steps = Steps::from_fn(|| hostile::wakes_late(7));
    /// steps.assert_pending();
    /// steps.event();
    /// steps.assert_ready_eq(7);
    /// ```
    pub fn from_fn(make: impl FnOnce() -> F) -> Steps<F> {
        // `collect` must be left in the normal way.
        let (made, events) = event::collect(|| panic::catch_unwind(AssertUnwindSafe(make)));
        Steps::with_events(made.unwrap_or_else(|payload| panic::resume_unwind(payload)), events)
    }

    fn with_events(future: F, events: VecDeque<Event>) -> Steps<F> {
        let task = Task::without_backtraces();
        let (future, waker) = (Some(Box::pin(future)), task.waker());
        Steps { future, events, fired: 0, polls: 0, task, waker }
    }

    /// Whether the waker of the last poll was called since that poll began.
    ///
    /// ```
    /// use dormouse_check::{Steps, hostile};
    ///
    /// let mut steps = Steps::new(hostile::pending_once(()));
    /// assert!(!steps.is_woken());
    /// steps.assert_pending();
    /// assert!(steps.is_woken());
    /// steps.assert_ready();
    /// assert!(!steps.is_woken());
    /// ```
    pub fn is_woken(&self) -> bool {
        self.waker.woken()
    }

    /// How often the waker was called: since the future was created, or since the last
    /// [`replace_waker`](Steps::replace_waker).
    ///
    /// ```
    /// use dormouse_check::{Steps, hostile};
    ///
    /// let mut steps = Steps::new(hostile::yields(2, ()));
    /// steps.assert_pending();
    /// steps.assert_pending();
    /// steps.assert_ready();
    /// assert_eq!(steps.wakes(), 2);
    /// ```
    pub fn wakes(&self) -> u32 {
        self.waker.wakes()
    }

    /// How many references to the waker exist. One belongs to this object, so the number is never 0; the others are the
    /// clones that the future holds, or has given away.
    ///
    /// ```
    /// use dormouse_check::{Steps, event, hostile};
    ///
    /// let mut steps = Steps::from_fn(|| hostile::wakes_late(()));
    /// steps.assert_pending();
    /// assert_eq!(steps.waker_ref_count(), 2);
    /// steps.drop_future();
    /// assert_eq!(steps.waker_ref_count(), 1);
    /// ```
    pub fn waker_ref_count(&self) -> usize {
        Arc::strong_count(&self.waker)
    }

    /// Moves the future to another task: later polls pass another waker, which no clone of the present one
    /// [will wake](std::task::Waker::will_wake).
    ///
    /// ```
    /// use dormouse_check::{Steps, hostile};
    ///
    /// let mut steps = Steps::from_fn(|| hostile::wakes_late(7));
    /// steps.assert_pending();
    /// steps.replace_waker();
    /// steps.assert_pending();
    /// steps.event();
    /// assert!(steps.is_woken(), "the second waker is called");
    /// ```
    pub fn replace_waker(&mut self) {
        self.waker = self.task.waker();
    }

    /// Fires the next event that the closure of [`from_fn`](Steps::from_fn) has registered. It has returned when this
    /// method returns.
    ///
    /// ```
    /// use dormouse_check::{Steps, event};
    ///
    /// let mut numbers = Steps::from_fn(|| {
    ///     let (first, numbers) = futures::channel::mpsc::unbounded();
    ///     let second = first.clone();
    ///     event(move || drop(first.unbounded_send(1)));
    ///     event(move || drop(second.unbounded_send(2)));
    ///     numbers
    /// });
    /// numbers.event();
    /// numbers.assert_next_eq(1);
    /// numbers.assert_next_pending();
    /// numbers.event();
    /// numbers.assert_next_eq(2);
    /// numbers.assert_done();
    /// ```
    ///
    /// # Panics
    /// If no event is left, or if the event panics.
    #[track_caller]
    pub fn event(&mut self) {
        let Some(event) = self.events.pop_front() else {
            self.fail(
                "no event is left: register events with `dormouse_check::event` in the closure",
            );
        };
        self.fired += 1;
        self.task.event_fired(self.fired);
        match event {
            Event::Send(event) => event(),
            Event::Local(event) => event(),
        }
    }

    /// Calls a closure with the future and with a context: for other methods that poll.
    ///
    /// It counts as a poll, so it clears [`is_woken`](Steps::is_woken).
    ///
    /// ```
    /// use dormouse_check::Steps;
    /// use futures::AsyncRead;
    ///
    /// let mut reader = Steps::new(futures::io::Cursor::new(b"data"));
    /// let mut buffer = [0; 2];
    /// let read = reader.enter(|context, reader| reader.poll_read(context, &mut buffer));
    /// assert!(matches!(read, std::task::Poll::Ready(Ok(2))));
    /// ```
    ///
    /// # Panics
    /// After [`drop_future`](Steps::drop_future), or if the closure panics.
    #[track_caller]
    pub fn enter<R>(&mut self, closure: impl FnOnce(&mut Context<'_>, Pin<&mut F>) -> R) -> R {
        self.polls += 1;
        self.waker.reset();
        let (number, waker) = (self.polls, self.waker.id);
        self.task.record(Action::PollBegins { number, waker, forced: false });
        let std_waker = self.waker.to_waker();
        let _polling = self.task.enter_poll();
        let future = self.future.as_mut().expect("the future has been dropped");
        closure(&mut Context::from_waker(&std_waker), future.as_mut())
    }

    /// Polls once, and records the result.
    #[track_caller]
    fn poll_with<R>(
        &mut self,
        poll: impl FnOnce(&mut Context<'_>, Pin<&mut F>) -> Poll<R>,
        describe: impl FnOnce(&R) -> PollResult,
    ) -> Poll<R> {
        let polled = self.enter(poll);
        let result = match &polled {
            Poll::Pending => PollResult::Pending,
            Poll::Ready(output) => describe(output),
        };
        self.task.record(Action::PollEnds { number: self.polls, result });
        polled
    }

    /// Drops the future, and keeps its waker and its events: for tests of cancellation.
    ///
    /// ```
    /// use dormouse_check::Steps;
    ///
    /// let notify = tokio::sync::Notify::new();
    /// let (mut first, mut second) = (Steps::new(notify.notified()), Steps::new(notify.notified()));
    /// first.assert_pending();
    /// second.assert_pending();
    /// notify.notify_one();
    /// assert!(first.is_woken() && !second.is_woken());
    /// // The notification is passed on.
    /// first.drop_future();
    /// assert!(second.is_woken());
    /// ```
    pub fn drop_future(&mut self) {
        if let Some(future) = self.future.take() {
            drop(future);
            self.task.record(Action::Dropped);
        }
    }

    /// Returns the future.
    ///
    /// ```
    /// let mut steps = dormouse_check::Steps::new(std::future::ready(7));
    /// steps.assert_ready();
    /// let _ready: std::future::Ready<i32> = steps.into_inner();
    /// ```
    ///
    /// # Panics
    /// After [`drop_future`](Steps::drop_future).
    #[track_caller]
    pub fn into_inner(self) -> F
    where
        F: Unpin,
    {
        *Pin::into_inner(self.future.expect("the future has been dropped"))
    }
}

impl<F: Future> Steps<F> {
    /// Polls the future once.
    ///
    /// ```
    /// use dormouse_check::{Steps, hostile};
    /// use std::task::Poll;
    ///
    /// let mut steps = Steps::new(hostile::pending_once(7));
    /// assert_eq!(steps.poll(), Poll::Pending);
    /// assert_eq!(steps.poll(), Poll::Ready(7));
    /// ```
    ///
    /// # Panics
    /// After [`drop_future`](Steps::drop_future), or if the future panics.
    #[track_caller]
    pub fn poll(&mut self) -> Poll<F::Output> {
        self.poll_with(|context, future| future.poll(context), |_| PollResult::Ready)
    }
}

impl<S: Stream> Steps<S> {
    /// Polls the stream once.
    ///
    /// ```
    /// use dormouse_check::{Steps, hostile};
    /// use std::task::Poll;
    ///
    /// let mut steps = Steps::new(hostile::stream::pending_once([7]));
    /// assert_eq!(steps.poll_next(), Poll::Pending);
    /// assert_eq!(steps.poll_next(), Poll::Ready(Some(7)));
    /// assert_eq!(steps.poll_next(), Poll::Ready(None));
    /// ```
    ///
    /// # Panics
    /// After [`drop_future`](Steps::drop_future), or if the stream panics.
    #[track_caller]
    pub fn poll_next(&mut self) -> Poll<Option<S::Item>> {
        self.poll_with(
            |context, stream| stream.poll_next(context),
            |item| if item.is_some() { PollResult::Item } else { PollResult::Ready },
        )
    }
}

/// # Panics
/// After [`drop_future`](Steps::drop_future).
impl<F: Unpin> Deref for Steps<F> {
    type Target = F;

    fn deref(&self) -> &F {
        self.future.as_ref().expect("the future has been dropped")
    }
}

/// # Panics
/// After [`drop_future`](Steps::drop_future).
impl<F: Unpin> DerefMut for Steps<F> {
    fn deref_mut(&mut self) -> &mut F {
        self.future.as_mut().expect("the future has been dropped")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hostile;
    use std::rc::Rc;
    use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

    #[test]
    fn the_waker_of_the_last_poll_counts() {
        let mut steps = Steps::from_fn(|| hostile::wakes_late(7));
        steps.assert_pending();
        let first = steps.enter(|context, _| context.waker().clone());
        steps.replace_waker();
        first.wake();
        assert!(!steps.is_woken());
        assert_eq!(steps.wakes(), 0);
        steps.assert_pending();
        steps.event();
        assert!(steps.is_woken());
        assert_eq!(steps.wakes(), 1);
    }

    #[test]
    fn the_future_is_dropped_before_its_events() {
        struct Ordered(Arc<AtomicBool>);
        impl Drop for Ordered {
            fn drop(&mut self) {
                assert!(!self.0.load(SeqCst), "the event still exists");
            }
        }
        struct Gone(Arc<AtomicBool>);
        impl Drop for Gone {
            fn drop(&mut self) {
                self.0.store(true, SeqCst);
            }
        }
        drop(Steps::from_fn(|| {
            let (future, event) = (Ordered(Arc::default()), Arc::<AtomicBool>::default());
            let gone = Gone(event.clone());
            event::event(move || drop(gone));
            Ordered(event);
            future
        }));
    }

    #[test]
    fn a_local_event_is_fired_on_this_thread() {
        let mut steps = Steps::from_fn(|| {
            let fired = Rc::new(std::cell::Cell::new(false));
            let set = fired.clone();
            event::local_event(move || set.set(true));
            std::future::poll_fn(move |_| if fired.get() { Poll::Ready(()) } else { Poll::Pending })
        });
        steps.assert_pending();
        steps.event();
        steps.assert_ready();
    }

    #[test]
    fn a_closure_that_panics_leaves_no_list_of_events_behind() {
        let made = panic::catch_unwind(|| Steps::<()>::from_fn(|| panic!("no future")));
        assert!(made.is_err());
        assert!(panic::catch_unwind(|| event::event(|| ())).is_err());
    }
}
