//! The future behind all functions of this module.
//!
//! # Invariants
//! - A waker is called, cloned and dropped with no lock held. So a deadlock is due to the combinator.
//! - Only the waker of the most recent poll is kept.

use crate::event::event;
use crate::process;
use crate::sync::lock;
use crate::task;
use crate::timeout::check_every;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

/// How long a poll waits at most for the wake-up by another thread: far less than a poll may block.
const WAKE_CHECKS: u32 = 20;
const WAKE_CHECK_INTERVAL: Duration = Duration::from_micros(50);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Behaviour {
    Ready,
    /// Wakes its task in this many polls.
    Yields(u32),
    WaitsForEvent,
    MovesThread,
    PanicsOnPoll(u32),
}

/// What a child shares with its events.
#[derive(Default)]
struct Shared(Mutex<State>);

#[derive(Default)]
struct State {
    ready: bool,
    waker: Option<Waker>,
}

impl Shared {
    /// Registers the waker. Returns whether the child is ready instead.
    fn register(&self, waker: &Waker) -> bool {
        let waker = waker.clone();
        let (ready, _old) = {
            let mut state = lock(&self.0);
            let new = (!state.ready).then_some(waker);
            (state.ready, std::mem::replace(&mut state.waker, new))
        };
        ready
    }

    fn take_waker(&self) -> Option<Waker> {
        lock(&self.0).waker.take()
    }

    fn wake(&self, ready: bool) {
        let waker = {
            let mut state = lock(&self.0);
            state.ready |= ready;
            state.waker.take()
        };
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// A child for a combinator: returned by the functions of [`hostile`](super).
///
/// ```
/// use dormouse_check::hostile::{self, HostileFuture};
///
/// let children: Vec<HostileFuture<i32>> = vec![hostile::ready(1), hostile::yields(2, 2)];
/// ```
pub struct HostileFuture<T> {
    /// The name of the function that has returned it.
    name: &'static str,
    behaviour: Behaviour,
    /// `None` if it is never ready.
    output: Option<T>,
    finished: bool,
    polls: u32,
    /// The poll of the combinator in which it was polled for the first time.
    first_poll: Option<u64>,
    shared: Arc<Shared>,
    wakes_on_drop: bool,
}

/// The output is not pinned.
impl<T> Unpin for HostileFuture<T> {}

impl<T> fmt::Debug for HostileFuture<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostileFuture")
            .field("name", &self.name)
            .field("polls", &self.polls)
            .field("finished", &self.finished)
            .finish_non_exhaustive()
    }
}

impl<T> HostileFuture<T> {
    pub(super) fn new(name: &'static str, behaviour: Behaviour, output: Option<T>) -> Self {
        HostileFuture {
            name,
            behaviour,
            output,
            finished: false,
            polls: 0,
            first_poll: None,
            shared: Arc::default(),
            wakes_on_drop: false,
        }
    }

    /// Registers an event that makes it ready.
    #[track_caller]
    pub(super) fn register_ready(&self) {
        let shared = self.shared.clone();
        event(move || shared.wake(true));
    }

    /// Registers an event that only wakes its task.
    #[track_caller]
    pub(super) fn register_wake(&self) {
        let shared = self.shared.clone();
        event(move || shared.wake(false));
    }

    pub(super) fn waking_on_drop(mut self) -> Self {
        self.wakes_on_drop = true;
        self
    }

    /// Whether this poll is ready. Otherwise its waker has been called, or is registered.
    fn is_ready(&mut self, waker: &Waker) -> bool {
        match self.behaviour {
            Behaviour::Ready => true,
            Behaviour::Yields(times) => self.polls > times || yield_now(waker),
            Behaviour::PanicsOnPoll(poll) => self.polls >= poll || yield_now(waker),
            Behaviour::WaitsForEvent => self.shared.register(waker),
            Behaviour::MovesThread => {
                let ready = self.shared.register(waker);
                if self.polls == 1 {
                    self.wake_from_another_thread();
                }
                ready
            }
        }
    }

    /// Returns after the waker has been called, except on a busy machine.
    fn wake_from_another_thread(&self) {
        let shared = self.shared.clone();
        if process::spawn(move || shared.wake(true)).is_none() {
            self.shared.wake(true);
        }
        check_every(WAKE_CHECK_INTERVAL, WAKE_CHECKS, || lock(&self.shared.0).ready);
    }

    /// Panics if the combinator has polled the child in a loop.
    fn assert_no_loop(&self) {
        let Behaviour::Yields(times) = self.behaviour else { return };
        let looped =
            times > 1 && self.first_poll.is_some() && self.first_poll == task::current_poll();
        assert!(
            !looped,
            "`hostile::{}` yields {times} times, and is polled {} times, all in one poll of the combinator",
            self.name, self.polls
        );
    }
}

/// Returns `false`: not ready.
fn yield_now(waker: &Waker) -> bool {
    waker.wake_by_ref();
    false
}

impl<T> Future for HostileFuture<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        let name = self.name;
        assert!(!self.finished, "`hostile::{name}` is polled again after it was ready");
        self.polls += 1;
        if self.polls == 1 {
            self.first_poll = task::current_poll();
        }
        if !self.is_ready(context.waker()) {
            return Poll::Pending;
        }
        self.assert_no_loop();
        let Some(output) = self.output.take() else {
            panic!("`hostile::{name}` panics deliberately on poll {}", self.polls);
        };
        self.finished = true;
        Poll::Ready(output)
    }
}

impl<T> Drop for HostileFuture<T> {
    fn drop(&mut self) {
        let waker = self.shared.take_waker();
        if let (Some(waker), true) = (waker, self.wakes_on_drop) {
            waker.wake();
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::steps::Steps;
    use crate::{hostile, panics};
    use std::panic::{self, AssertUnwindSafe};
    use std::task::Poll;

    /// The message of a panic.
    fn failure(code: impl FnOnce()) -> String {
        let caught = panic::catch_unwind(AssertUnwindSafe(code));
        panics::message(&*caught.expect_err("it panics"))
    }

    #[test]
    fn a_poll_after_ready_panics() {
        let mut steps = Steps::new(hostile::ready(7));
        steps.assert_ready_eq(7);
        let message = failure(|| steps.assert_pending());
        assert!(message.contains("polled again after it was ready"), "{message}");
    }

    #[test]
    fn a_wake_up_from_another_thread_comes_during_the_first_poll() {
        let mut steps = Steps::new(hostile::moves_thread(7));
        steps.assert_pending();
        // On a busy machine it comes later.
        while !steps.is_woken() {
            std::thread::yield_now();
        }
        steps.assert_ready_eq(7);
    }

    #[test]
    fn a_panicking_child_yields_before() {
        let mut steps = Steps::new(hostile::panics_on_poll::<()>(2));
        steps.assert_pending();
        assert!(steps.is_woken());
        let message = failure(|| steps.assert_pending());
        assert!(message.contains("panics deliberately on poll 2"), "{message}");
    }

    #[test]
    fn a_child_that_is_dropped_releases_its_waker() {
        let mut steps = Steps::new(hostile::never::<()>());
        steps.assert_pending();
        assert_eq!(steps.waker_ref_count(), 2);
        steps.drop_future();
        assert_eq!((steps.waker_ref_count(), steps.wakes()), (1, 0));
    }

    #[test]
    fn a_child_that_yields_panics_only_if_it_is_polled_in_a_loop() {
        let mut steps = Steps::new(hostile::yields(3, ()));
        for _ in 0..3 {
            steps.assert_pending();
        }
        steps.assert_ready();

        let mut steps = Steps::new(hostile::yields(3, ()));
        let message = failure(|| {
            steps.enter(|context, mut child| while child.as_mut().poll(context).is_pending() {});
        });
        assert!(message.contains("in one poll of the combinator"), "{message}");

        // `FuturesUnordered` polls a child twice.
        let mut steps = Steps::new(hostile::pending_once(()));
        let polled = steps.enter(|context, mut child| {
            [child.as_mut().poll(context), child.as_mut().poll(context)]
        });
        assert_eq!(polled, [Poll::Pending, Poll::Ready(())]);
    }
}
