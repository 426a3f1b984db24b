//! They depend on where they run.

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
    /// The number of futures that were begun on this thread.
    static BEGUN: Cell<u32> = const { Cell::new(0) };
}

/// Keeps in the thread what belongs into the future.
struct Begun {
    flag: Flag,
    polled: bool,
    what: fn(u32) -> u32,
}

impl Future for Begun {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        if !std::mem::replace(&mut self.polled, true) {
            BEGUN.set(BEGUN.get() + 1);
        }
        let mut state = self.flag.lock().unwrap();
        if state.set {
            return Poll::Ready((self.what)(BEGUN.get()));
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Begun {
    fn drop(&mut self) {
        flag::forget(&self.flag);
    }
}

fn begun(what: fn(u32) -> u32) -> Begun {
    let flag = Flag::default();
    let other = flag.clone();
    event(move || flag::set(&other));
    Begun { flag, polled: false, what }
}

static RUNTIME: LazyLock<tokio::runtime::Runtime> =
    LazyLock::new(|| tokio::runtime::Runtime::new().expect("a runtime can be started"));

cases! {
    /// Panics on another thread.
    panics_on_another_thread: [ThreadBound], check(|| begun(|begun| begun - begun.checked_sub(1).unwrap()));
    /// Is wrong on another thread.
    wrong_on_another_thread: [ThreadBound], check(|| begun(|begun| begun)).expect_output(|begun| *begun > 0);
    /// Runs on tokio alone.
    needs_tokio: [ExecutorDependence], check(|| tokio::time::sleep(Duration::from_millis(2)))
        .around(|code| {
            let _inside = RUNTIME.enter();
            code();
        })
        .deny(ExecutorDependence);
}
