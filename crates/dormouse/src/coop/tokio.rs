//! tokio's coop budget of the task that this thread polls. Outside of tasks, and in `tokio::task::unconstrained`, it is
//! unlimited.

use crate::sync::atomic::{AtomicUsize, Ordering};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::ptr;
use std::task::{Context, Poll, Waker};
use tokio::runtime::{Handle, RuntimeFlavor};
use tokio::task::LocalSet;
use tokio::task::coop::{RestoreOnPending, poll_proceed};

/// One unit of budget. It is returned if it is dropped.
pub(super) struct Unit(RestoreOnPending);

impl Unit {
    #[inline]
    pub(super) fn spend(self) {
        self.0.made_progress();
    }
}

/// Takes a unit of budget, if there is one.
#[inline]
pub(super) fn take_unit() -> Option<Unit> {
    // If there is none, tokio defers the wake-up of the no-op waker.
    match poll_proceed(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(unit) => Some(Unit(unit)),
        Poll::Pending => None,
    }
}

/// A future in whose polls tokio's budget is unlimited.
pub(super) fn unlimited<F: Future>(future: F) -> impl Future<Output = F::Output> {
    tokio::task::unconstrained(future)
}

/// Makes tokio wake the task when the worker thread has returned from the poll, and has polled its I/O driver. Returns
/// false if that may be too late.
///
/// A task that wakes itself at once keeps the run queue from becoming empty. Then a current-thread runtime polls its I/O
/// driver only after 61 polls of tasks, so the events of all other tasks are late.
///
/// It is in time for the own waker of a task in a current-thread runtime, because no other thread could run the task
/// earlier. On another waker, an executor inside the task may be waiting. In a multi-threaded runtime, the next task on
/// this thread may block it, and wait for this one, which another thread can run.
pub(super) fn defer_wake(cx: &mut Context<'_>) -> bool {
    let is_current_thread =
        |handle: Handle| handle.runtime_flavor() == RuntimeFlavor::CurrentThread;
    Handle::try_current().is_ok_and(is_current_thread)
        && vtable_address_of_tasks() == Some(vtable_address(cx.waker()))
        && poll_proceed(cx).is_pending()
}

fn vtable_address(waker: &Waker) -> usize {
    ptr::from_ref(waker.vtable()).addr()
}

/// tokio has one vtable for the wakers of all tasks, a static, but no function that returns it. So this runs a task,
/// once. Called inside a runtime only: `LocalSet::new` panics while the thread-locals are being destroyed.
fn vtable_address_of_tasks() -> Option<usize> {
    /// 0 before the first call.
    static ADDRESS: AtomicUsize = AtomicUsize::new(0);
    if ADDRESS.load(Ordering::Relaxed) == 0 {
        let tasks = LocalSet::new();
        tasks.spawn_local(poll_fn(|cx| {
            ADDRESS.store(vtable_address(cx.waker()), Ordering::Relaxed);
            Poll::Ready(())
        }));
        let _ = pin!(tasks).poll(&mut Context::from_waker(Waker::noop()));
    }
    Some(ADDRESS.load(Ordering::Relaxed)).filter(|&address| address != 0)
}
