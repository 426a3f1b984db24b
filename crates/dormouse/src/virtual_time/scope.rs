//! A future that is in a virtual time, wherever it is polled.
//!
//! What runs under a scope is known to the virtual time: from the call of its waker to the end of the poll
//! that follows, it counts as busy, and time that waits for others to run waits for it. That holds on every
//! executor, with any number of threads, since nothing but the waker is looked at.
//!
//! # Invariants
//! - A task adds one to `Shared::busy` exactly while its phase is neither `IDLE` nor `DONE`.
//! - It is counted before its executor is told, and its waker is taken out to be called; the next poll leaves
//!   another. So a call that finds none comes while the executor knows already.

use super::current::Entered;
use super::{Shared, VirtualTime};
use crate::sync::lock;
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

pin_project! {
    /// The future of [`VirtualTime::scope`].
    ///
    /// ```
    /// use dormouse::VirtualTime;
    /// use dormouse::virtual_time::Scope;
    /// let time = VirtualTime::new();
    /// let scope: Scope<_> = time.scope(async { 7 });
    /// assert_eq!(dormouse::block_on(scope), 7);
    /// ```
    #[must_use = "futures do nothing unless you `.await` or poll them"]
    pub struct Scope<F> {
        // Taken when it is dropped, which happens inside too.
        #[pin]
        future: Option<F>,
        time: VirtualTime,
        task: Arc<Task>,
        waker: Waker,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _entered = Entered::new(this.time, false);
            let _done = Done(this.task);
            this.future.set(None);
        }
    }
}

impl<F> Scope<F> {
    pub(super) fn new(time: &VirtualTime, future: F) -> Scope<F> {
        // Whoever has just been given it will poll it for the first time.
        time.0.add_busy();
        let task = Arc::new(Task {
            phase: AtomicU8::new(WOKEN),
            waker: Mutex::new(None),
            time: time.0.clone(),
        });
        let waker = Waker::from(task.clone());
        Scope { future: Some(future), time: time.clone(), task, waker }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _running = Running::begin(this.task, cx.waker());
        let _entered = Entered::new(this.time, true);
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        let polled = future.poll(&mut Context::from_waker(this.waker));
        if polled.is_ready() {
            drop(Done(this.task));
        }
        polled
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("time", &self.time).finish_non_exhaustive()
    }
}

/// Neither woken nor being polled.
const IDLE: u8 = 0;
/// Its executor has been told to poll it.
const WOKEN: u8 = 1;
/// It is being polled.
const RUNNING: u8 = 2;
/// It is being polled, and has been woken again.
const RUNNING_WOKEN: u8 = 3;
/// It will not be polled any more.
const DONE: u8 = 4;

/// What is known of a scoped future: its waker.
struct Task {
    phase: AtomicU8,
    waker: Mutex<Option<Waker>>,
    time: Arc<Shared>,
}

impl Task {
    /// Goes over to the phase that `next` says, and returns the one before.
    fn change(&self, next: impl Fn(u8) -> u8) -> u8 {
        let changed =
            self.phase.fetch_update(Ordering::AcqRel, Ordering::Acquire, |phase| Some(next(phase)));
        changed.unwrap_or_else(|phase| phase)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Counted first: once the phase says so, a poll may end and take it off.
        self.time.add_busy();
        let before = self.change(|phase| match phase {
            IDLE => WOKEN,
            RUNNING => RUNNING_WOKEN,
            other => other,
        });
        if before != IDLE {
            self.time.remove_busy();
        }
        let waker = lock(&self.waker).take();
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// One poll.
struct Running<'a>(&'a Task);

impl Running<'_> {
    fn begin<'a>(task: &'a Task, waker: &Waker) -> Running<'a> {
        let new = Some(waker.clone());
        let old = std::mem::replace(&mut *lock(&task.waker), new);
        drop(old);
        task.time.add_busy();
        if !matches!(task.change(|_| RUNNING), IDLE | DONE) {
            task.time.remove_busy();
        }
        Running(task)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        let before = self.0.change(|phase| match phase {
            RUNNING => IDLE,
            RUNNING_WOKEN => WOKEN,
            other => other,
        });
        if before == RUNNING {
            self.0.time.remove_busy();
        }
    }
}

/// The end.
struct Done<'a>(&'a Task);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        if !matches!(self.0.change(|_| DONE), IDLE | DONE) {
            self.0.time.remove_busy();
        }
        let waker = lock(&self.0.waker).take();
        drop(waker);
    }
}
