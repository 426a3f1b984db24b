//! A task of this crate, on any executor but tokio, and what it shares with its handles.
//!
//! The executor sees a future without an output, [`Task`]. It catches panics, so they harm neither the executor nor other
//! tasks; it drops the future that it runs as soon as the task is aborted; and it stores the output for the handle.
//!
//! # Invariants
//! - A task completes exactly once, also if the executor drops it: then it is cancelled. Its future has been dropped by
//!   then.
//! - Once [`abort`](State::abort) has returned, no new poll of the future begins, and the future is dropped by the
//!   executor.
//!   The task: (1) checks `aborted`, and polls the future; (2) if that is pending, checks `aborted` and stores its
//!   waker, under one lock.
//!   `abort`: (1) sets `aborted` and takes the waker, under that lock; (2) calls the waker.
//!   So the task sees `aborted`, or its waker is called and it sees `aborted` in the next poll.
//! - The waker of the handle is called when the task completes.
//!   The handle: (1) checks for the output and stores its waker, under one lock.
//!   The task: (1) stores the output and takes the waker, under that lock; (2) calls the waker.
//! - A task does not keep itself alive: `Shared` holds its waker, so it refers to `Shared` weakly. When the last handle is
//!   dropped, so is that waker. If the task has been aborted, `Shared` lives until it completes, by a reference to itself.
//! - Futures, outputs and wakers are cloned, called and dropped without the lock.

use super::JoinError;
use crate::catch_panic::{catch_panic, wake};
use crate::sync::{Mutex, lock};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::{Arc, Weak};
use std::task::{Context, Poll, Waker};

type Output<T> = Result<T, JoinError>;

/// What a task shares with its handles.
pub(super) struct Shared<T>(Mutex<State<T>>);

struct State<T> {
    stage: Stage<T>,
    aborted: bool,
    /// `Shared` itself, if the task is aborted and has not completed.
    keep: Option<Arc<Shared<T>>>,
    /// The `JoinHandle` has been dropped: nothing takes the output.
    detached: bool,
    /// Wakes the task, to be aborted.
    task: Option<Waker>,
    /// Wakes the task that awaits the handle.
    joiner: Option<Waker>,
}

enum Stage<T> {
    Running,
    Complete(Output<T>),
    Taken,
}

impl<T> Shared<T> {
    pub(super) fn complete_with(output: Output<T>) -> Arc<Shared<T>> {
        Shared::new(Stage::Complete(output))
    }

    fn new(stage: Stage<T>) -> Arc<Shared<T>> {
        let state =
            State { stage, aborted: false, keep: None, detached: false, task: None, joiner: None };
        Arc::new(Shared(Mutex::new(state)))
    }

    /// Completes the task, unless it is complete.
    pub(super) fn complete(&self, output: Output<T>) {
        let mut state = lock(&self.0);
        if !matches!(state.stage, Stage::Running) {
            drop(state);
            return catch_panic(|| drop(output));
        }
        let unwanted = if state.detached {
            state.stage = Stage::Taken;
            Some(output)
        } else {
            state.stage = Stage::Complete(output);
            None
        };
        let (task, joiner) = (state.task.take(), state.joiner.take());
        let keep = state.keep.take();
        drop(state);
        drop(keep);
        joiner.into_iter().for_each(wake);
        catch_panic(|| drop(task));
        catch_panic(|| drop(unwanted));
    }

    pub(super) fn is_finished(&self) -> bool {
        !matches!(lock(&self.0).stage, Stage::Running)
    }

    pub(super) fn abort(self: &Arc<Self>) {
        let mut state = lock(&self.0);
        state.aborted = true;
        if matches!(state.stage, Stage::Running) && state.keep.is_none() {
            state.keep = Some(self.clone());
        }
        let task = state.task.take();
        drop(state);
        task.into_iter().for_each(wake);
    }

    /// Called when the `JoinHandle` is dropped.
    pub(super) fn detach(&self) {
        let mut state = lock(&self.0);
        state.detached = true;
        let output = state.take_output();
        let joiner = state.joiner.take();
        drop(state);
        catch_panic(|| drop(joiner));
        catch_panic(|| drop(output));
    }

    /// Takes the output.
    pub(super) fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Output<T>> {
        let output = self.ready_or_store(cx.waker(), |state| &mut state.joiner, State::take_output);
        output.map_or(Poll::Pending, Poll::Ready)
    }

    fn is_aborted(&self) -> bool {
        lock(&self.0).aborted
    }

    /// Called when a poll of the future has returned `Pending`. Returns whether the task has been aborted.
    fn is_aborted_or_store(&self, waker: &Waker) -> bool {
        let aborted = |state: &mut State<T>| state.aborted.then_some(());
        self.ready_or_store(waker, |state| &mut state.task, aborted).is_some()
    }

    /// What `ready` returns. If that is nothing, stores the waker under the same lock.
    fn ready_or_store<R>(
        &self,
        waker: &Waker,
        slot: impl Fn(&mut State<T>) -> &mut Option<Waker>,
        ready: impl Fn(&mut State<T>) -> Option<R>,
    ) -> Option<R> {
        let mut state = lock(&self.0);
        let found = ready(&mut state);
        if found.is_some()
            || slot(&mut state).as_ref().is_some_and(|stored| stored.will_wake(waker))
        {
            return found;
        }
        drop(state);
        let clone = waker.clone();
        let mut state = lock(&self.0);
        let found = ready(&mut state);
        let unused = if found.is_some() { Some(clone) } else { slot(&mut state).replace(clone) };
        drop(state);
        drop(unused);
        found
    }
}

impl<T> State<T> {
    fn take_output(&mut self) -> Option<Output<T>> {
        match mem::replace(&mut self.stage, Stage::Taken) {
            Stage::Running => {
                self.stage = Stage::Running;
                None
            }
            Stage::Complete(output) => Some(output),
            Stage::Taken => Some(Err(JoinError::TAKEN)),
        }
    }
}

impl<T> fmt::Debug for Shared<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Task").field("is_finished", &self.is_finished()).finish_non_exhaustive()
    }
}

pin_project! {
    /// What an executor runs. It never panics.
    pub(super) struct Task<F: Future> {
        // `None` once the task is complete.
        #[pin]
        future: Option<F>,
        // Gone if there is no handle.
        shared: Weak<Shared<F::Output>>,
    }

    impl<F: Future> PinnedDrop for Task<F> {
        fn drop(this: Pin<&mut Self>) {
            if this.future.is_some() {
                this.cancel();
            }
        }
    }
}

impl<F: Future> Task<F> {
    pub(super) fn new(future: F) -> (Task<F>, Arc<Shared<F::Output>>) {
        let shared = Shared::new(Stage::Running);
        (Task { future: Some(future), shared: Arc::downgrade(&shared) }, shared)
    }

    /// Stores the output for the handle, if there is one.
    fn complete(shared: Option<Arc<Shared<F::Output>>>, output: Output<F::Output>) {
        match shared {
            Some(shared) => shared.complete(output),
            None => catch_panic(|| drop(output)),
        }
    }

    /// Drops the future, and completes the task.
    fn cancel(self: Pin<&mut Self>) {
        let mut this = self.project();
        let dropped = catch_unwind(AssertUnwindSafe(|| this.future.set(None)));
        let why = dropped.map_or_else(JoinError::panic, |()| JoinError::CANCELLED);
        Self::complete(this.shared.upgrade(), Err(why));
    }
}

impl<F: Future> Future for Task<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        let shared = self.shared.upgrade();
        if shared.as_ref().is_some_and(|shared| shared.is_aborted()) {
            self.cancel();
            return Poll::Ready(());
        }
        let mut this = self.as_mut().project();
        let polled = catch_unwind(AssertUnwindSafe(|| {
            let polled = this.future.as_mut().as_pin_mut().map(|future| future.poll(cx));
            if polled.as_ref().is_some_and(Poll::is_ready) {
                this.future.set(None);
            }
            polled
        }));
        let output = match polled {
            Ok(Some(Poll::Pending)) => {
                if shared.is_none_or(|shared| !shared.is_aborted_or_store(cx.waker())) {
                    return Poll::Pending;
                }
                self.cancel();
                return Poll::Ready(());
            }
            Ok(Some(Poll::Ready(output))) => Ok(output),
            // It is complete.
            Ok(None) => return Poll::Ready(()),
            Err(payload) => Err(JoinError::panic(payload)),
        };
        // After a panic in its poll it is still there.
        catch_panic(|| this.future.set(None));
        Self::complete(shared, output);
        Poll::Ready(())
    }
}
