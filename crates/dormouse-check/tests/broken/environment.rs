//! Futures that depend on the thread or the executor that polls them.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::Kind::{ExecutorDependence, ThreadBound};
use dormouse_check::{check, event};
use std::cell::Cell;
use std::pin::Pin;
use std::sync::LazyLock;
use std::task::{Context, Poll};
use std::time::Duration;

thread_local! {
    /// The number of futures that were first polled on this thread.
    static STARTED: Cell<u32> = const { Cell::new(0) };
}

/// Keeps state in a thread-local instead of the future.
struct ThreadLocalCounter {
    flag: Flag,
    polled: bool,
    output: fn(u32) -> u32,
}

impl Future for ThreadLocalCounter {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        if !std::mem::replace(&mut self.polled, true) {
            STARTED.set(STARTED.get() + 1);
        }
        let mut state = self.flag.lock().unwrap();
        if state.set {
            return Poll::Ready((self.output)(STARTED.get()));
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for ThreadLocalCounter {
    fn drop(&mut self) {
        flag::forget(&self.flag);
    }
}

fn counter(output: fn(u32) -> u32) -> ThreadLocalCounter {
    let flag = Flag::default();
    let other = flag.clone();
    event(move || flag::set(&other));
    ThreadLocalCounter { flag, polled: false, output }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("failed to build a tokio runtime"));

cases! {
    /// Panics on another thread.
    panics_on_another_thread: [ThreadBound], check(|| counter(|started| started - started.checked_sub(1).unwrap()));
    /// Returns a wrong output on another thread.
    wrong_on_another_thread: [ThreadBound], check(|| counter(|started| started)).expect_output(|started| *started > 0);
    /// Works only on tokio.
    needs_tokio: [ExecutorDependence], check(|| tokio::time::sleep(Duration::from_millis(2)))
        .around(|code| {
            let _guard = RUNTIME.enter();
            code();
        })
        .deny(ExecutorDependence);
}
