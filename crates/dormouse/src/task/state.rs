//! A task of this crate, on any executor but tokio, and what it shares with its handles.
//!
//! The executor sees a future without an output, [`Task`]. It catches panics, so they harm neither the executor nor other
//! tasks; it drops the future that it runs as soon as the task is aborted; and it stores the output for the handle.
//!
//! async-executor has a handle too, which would save the allocation of [`Shared`]. But a task that is cancelled by it counts
//! as finished before its future has been dropped, an output that is returned in the same poll is lost, and a destructor
//! that panics ends the process.
//!
//! # Invariants
//! - A task completes exactly once, also if the executor drops it: then it is cancelled. Its future has been dropped by
//!   then.
//! - Once [`abort`](Shared::abort) has returned, no new poll of the future begins, and the future is dropped by the
//!   executor.
//!   The task: (1) checks `aborted`, and polls the future; (2) if that is pending, checks `aborted` again and stores its
//!   waker, under one lock.
//!   `abort`: (1) sets `aborted` and takes the waker, under that lock; (2) calls the waker.
//!   So the task sees `aborted`, or its waker is called and it sees `aborted` in the next poll.
//! - The waker of the handle is called when the task completes.
//!   The handle: (1) checks for the output and stores its waker, under one lock.
//!   The task: (1) stores the output and takes the waker, under that lock; (2) calls the waker.
//! - A task does not keep itself alive. `Shared` holds its waker, and the task holds `Shared`; so that waker is there only
//!   while a handle is.
//!   The task: (1) checks for handles and stores its waker, under one lock.
//!   The last handle: (1) is no longer counted, and takes the waker, under that lock; (2) drops it.
//! - Futures, outputs and wakers are cloned, called and dropped without the lock.

use super::JoinError;
use crate::catch_panic::{catch_panic, wake};
use crate::sync::atomic::{AtomicBool, Ordering};
use crate::sync::{Mutex, lock};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::mem;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

type Output<T> = Result<T, JoinError>;

/// What a task shares with its handles.
pub(super) struct Shared<T> {
    /// Set under the lock of `state`.
    aborted: AtomicBool,
    state: Mutex<State<T>>,
}

struct State<T> {
    stage: Stage<T>,
    /// The `JoinHandle` has been dropped: nothing takes the output.
    detached: bool,
    /// How many handles that only abort there are.
    abort_handles: usize,
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
        let state = State { stage, detached: false, abort_handles: 0, task: None, joiner: None };
        Arc::new(Shared { aborted: AtomicBool::new(false), state: Mutex::new(state) })
    }

    /// Completes the task, unless it is complete.
    pub(super) fn complete(&self, output: Output<T>) {
        let mut state = lock(&self.state);
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
        drop(state);
        joiner.into_iter().for_each(wake);
        catch_panic(|| drop(task));
        catch_panic(|| drop(unwanted));
    }

    pub(super) fn is_finished(&self) -> bool {
        !matches!(lock(&self.state).stage, Stage::Running)
    }

    pub(super) fn abort(&self) {
        let mut state = lock(&self.state);
        self.aborted.store(true, Ordering::Release);
        let task = state.task.take();
        drop(state);
        task.into_iter().for_each(wake);
    }

    fn is_aborted(&self) -> bool {
        self.aborted.load(Ordering::Acquire)
    }

    /// Called when the `JoinHandle` is dropped.
    pub(super) fn detach(&self) {
        let mut state = lock(&self.state);
        state.detached = true;
        let output = state.take_output();
        let (task, joiner) = (state.take_unused_waker(), state.joiner.take());
        drop(state);
        catch_panic(|| drop(task));
        catch_panic(|| drop(joiner));
        catch_panic(|| drop(output));
    }

    /// Called when a handle that only aborts is created.
    pub(super) fn add_abort_handle(&self) {
        lock(&self.state).abort_handles += 1;
    }

    /// Called when such a handle is dropped.
    pub(super) fn remove_abort_handle(&self) {
        let mut state = lock(&self.state);
        state.abort_handles -= 1;
        let task = state.take_unused_waker();
        drop(state);
        catch_panic(|| drop(task));
    }

    /// Takes the output.
    pub(super) fn poll_join(&self, cx: &mut Context<'_>) -> Poll<Output<T>> {
        let output = self.ready_or_store(cx.waker(), |state| &mut state.joiner, State::take_output);
        output.map_or(Poll::Pending, Poll::Ready)
    }

    /// Called when a poll of the future has returned `Pending`. Returns whether the task has been aborted.
    fn is_aborted_or_store(&self, waker: &Waker) -> bool {
        let ready = |state: &mut State<T>| match self.is_aborted() {
            false if state.has_handle() => None,
            aborted => Some(aborted),
        };
        self.ready_or_store(waker, |state| &mut state.task, ready).unwrap_or(false)
    }

    /// What `ready` returns. If that is nothing, stores the waker under the same lock.
    fn ready_or_store<R>(
        &self,
        waker: &Waker,
        slot: impl Fn(&mut State<T>) -> &mut Option<Waker>,
        ready: impl Fn(&mut State<T>) -> Option<R>,
    ) -> Option<R> {
        let mut state = lock(&self.state);
        let found = ready(&mut state);
        if found.is_some()
            || slot(&mut state).as_ref().is_some_and(|stored| stored.will_wake(waker))
        {
            return found;
        }
        drop(state);
        let clone = waker.clone();
        let mut state = lock(&self.state);
        let found = ready(&mut state);
        let unused = if found.is_some() { Some(clone) } else { slot(&mut state).replace(clone) };
        drop(state);
        drop(unused);
        found
    }
}

impl<T> State<T> {
    fn has_handle(&self) -> bool {
        !self.detached || self.abort_handles > 0
    }

    /// The waker of the task, if no handle can call it.
    fn take_unused_waker(&mut self) -> Option<Waker> {
        if self.has_handle() { None } else { self.task.take() }
    }

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
        shared: Arc<Shared<F::Output>>,
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
        (Task { future: Some(future), shared: shared.clone() }, shared)
    }

    /// Drops the future, and completes the task.
    fn cancel(self: Pin<&mut Self>) {
        let mut this = self.project();
        let dropped = catch_unwind(AssertUnwindSafe(|| this.future.set(None)));
        let why = dropped.map_or_else(JoinError::panic, |()| JoinError::CANCELLED);
        this.shared.complete(Err(why));
    }
}

impl<F: Future> Future for Task<F> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<()> {
        if self.shared.is_aborted() {
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
                if !this.shared.is_aborted_or_store(cx.waker()) {
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
        this.shared.complete(output);
        Poll::Ready(())
    }
}
