//! A future in virtual time, wherever it is polled.
//!
//! From its creation, and then from each call of its waker, to the end of the poll that follows, a scoped future counts
//! as busy, and is waited for before time advances. The count needs only the waker that the future is polled with, so it
//! works on every executor, with any number of threads.
//!
//! # Invariants
//! - A wake-up counts the task as busy before it calls the waker of the executor. It takes that waker out of the task, and
//!   each poll stores another. So if a wake-up finds no waker, the task is complete, or an earlier wake-up has taken the
//!   waker since the last poll began, and has called it or is about to.

use super::VirtualTime;
use crate::coop;
use crate::sync::lock;
use crate::virtual_clock::{EnterGuard, Recheck, Shared};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};

pin_project! {
    /// Future returned by [`VirtualTime::scope`].
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
        // `None` once `PinnedDrop` has dropped the future, which it does in the virtual time.
        #[pin]
        future: Option<F>,
        time: VirtualTime,
        task: Arc<Task>,
        waker: Waker,
    }

    impl<F> PinnedDrop for Scope<F> {
        fn drop(this: Pin<&mut Self>) {
            let mut this = this.project();
            let _enter = EnterGuard::enter(&this.time.0);
            let _complete = CompleteOnDrop(this.task);
            this.future.set(None);
        }
    }
}

impl<F> Scope<F> {
    pub(super) fn new(time: &VirtualTime, future: F) -> Scope<F> {
        // Busy until the first poll has ended.
        let number = lock(&time.0.clocks).busy.add_task();
        let task = Arc::new(Task { number, time: time.0.clone() });
        let waker = Waker::from(task.clone());
        Scope { future: Some(future), time: time.clone(), task, waker }
    }
}

impl<F: Future> Future for Scope<F> {
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<F::Output> {
        let this = self.project();
        let _poll = PollGuard::begin(this.task, cx.waker());
        let _enter = EnterGuard::enter_scoped(&this.time.0, this.task.number);
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        let cx = &mut Context::from_waker(this.waker);
        let polled = coop::with_budget(|| future.poll(cx));
        if polled.is_ready() {
            this.task.complete();
        }
        polled
    }
}

impl<F> fmt::Debug for Scope<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scope").field("time", &self.time).finish_non_exhaustive()
    }
}

/// The identity of a scoped future, which is polled with a waker made from it. Its state, and the waker that its executor
/// passed to the last poll, are in [`Busy`](crate::virtual_clock::Busy).
struct Task {
    number: u64,
    time: Arc<Shared>,
}

impl Task {
    fn complete(&self) {
        let waker = lock(&self.time.clocks).busy.remove_task(self.number);
        drop(waker);
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let to_recheck = Recheck::current().is_some();
        let waker = lock(&self.time.clocks).busy.wake_task(self.number, to_recheck);
        if let Some(waker) = waker {
            waker.wake();
        }
    }
}

/// One poll.
struct PollGuard<'a>(&'a Task);

impl PollGuard<'_> {
    fn begin<'a>(task: &'a Task, waker: &Waker) -> PollGuard<'a> {
        let waker = waker.clone();
        let former = lock(&task.time.clocks).busy.begin_poll(task.number, waker);
        drop(former);
        PollGuard(task)
    }
}

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        lock(&self.0.time.clocks).busy.end_poll(self.0.number);
    }
}

struct CompleteOnDrop<'a>(&'a Task);

impl Drop for CompleteOnDrop<'_> {
    fn drop(&mut self) {
        self.0.complete();
    }
}
