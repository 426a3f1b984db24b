//! A future in virtual time, wherever it is polled.
//!
//! From its creation, and then from each call of its waker, to the end of the poll that follows, a scoped future counts
//! as busy, and is waited for before time advances. The count needs only the waker that the future is polled with, so it
//! works on every executor, with any number of threads.
//!
//! # Invariants
//! - A task is counted in `Shared::busy` while its state is neither `IDLE` nor `COMPLETE`. The count is incremented before
//!   the state changes, and decremented after it. So a task can count twice for a moment, but is always counted.
//! - A wake-up counts the task before it calls the waker of the executor. It takes that waker out of the task, and each
//!   poll stores another. So if a wake-up finds no waker, the task is complete, or an earlier wake-up has taken the waker
//!   since the last poll began, and has called it or is about to.

use super::VirtualTime;
use crate::coop;
use crate::sync::lock;
use crate::virtual_clock::{EnterGuard, QuiescingFlag, Shared};
use pin_project_lite::pin_project;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex};
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
        time.0.add_busy();
        let task = Arc::new(Task {
            state: AtomicU8::new(NOTIFIED),
            quiescing: Arc::default(),
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
        let _poll = PollGuard::begin(this.task, cx.waker());
        let _enter = EnterGuard::enter_scoped(&this.time.0, &this.task.quiescing);
        let Some(future) = this.future.as_pin_mut() else { return Poll::Pending };
        let cx = &mut Context::from_waker(this.waker);
        let polled = coop::with_budget(|| future.poll(cx));
        if polled.is_ready() {
            drop(CompleteOnDrop(this.task));
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
/// Woken: its executor has been notified, or is being notified.
const NOTIFIED: u8 = 1;
/// Being polled.
const RUNNING: u8 = 2;
/// Being polled, and woken again.
const RUNNING_NOTIFIED: u8 = 3;
/// Completed or dropped.
const COMPLETE: u8 = 4;

/// The state of a scoped future, and the waker that its executor passed to the last poll. The future itself is polled
/// with a waker made from this task.
struct Task {
    state: AtomicU8,
    quiescing: Arc<QuiescingFlag>,
    waker: Mutex<Option<Waker>>,
    time: Arc<Shared>,
}

impl Task {
    /// Changes the state, and returns the former one.
    fn change(&self, next: impl Fn(u8) -> u8) -> u8 {
        let changed =
            self.state.fetch_update(Ordering::AcqRel, Ordering::Acquire, |state| Some(next(state)));
        changed.unwrap_or_else(|state| state)
    }
}

impl Wake for Task {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        // Counted first: as soon as the state has changed, a poll may end and subtract the task.
        self.time.add_busy();
        let before = self.change(|state| match state {
            IDLE => NOTIFIED,
            RUNNING => RUNNING_NOTIFIED,
            other => other,
        });
        if matches!(before, IDLE | NOTIFIED) {
            // Something outside of its polls has woken it, a timer for example: it has more to do than to wait.
            self.quiescing.clear(&self.time);
        }
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
struct PollGuard<'a>(&'a Task);

impl PollGuard<'_> {
    fn begin<'a>(task: &'a Task, waker: &Waker) -> PollGuard<'a> {
        let new = Some(waker.clone());
        let old = std::mem::replace(&mut *lock(&task.waker), new);
        drop(old);
        task.time.add_busy();
        if !matches!(task.change(|_| RUNNING), IDLE | COMPLETE) {
            task.time.remove_busy();
        }
        task.quiescing.clear(&task.time);
        PollGuard(task)
    }
}

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        let before = self.0.change(|state| match state {
            RUNNING => IDLE,
            RUNNING_NOTIFIED => NOTIFIED,
            other => other,
        });
        if before == RUNNING {
            self.0.quiescing.clear(&self.0.time);
            self.0.time.remove_busy();
        }
    }
}

struct CompleteOnDrop<'a>(&'a Task);

impl Drop for CompleteOnDrop<'_> {
    fn drop(&mut self) {
        if !matches!(self.0.change(|_| COMPLETE), IDLE | COMPLETE) {
            self.0.quiescing.clear(&self.0.time);
            self.0.time.remove_busy();
        }
        let waker = lock(&self.0.waker).take();
        drop(waker);
    }
}
