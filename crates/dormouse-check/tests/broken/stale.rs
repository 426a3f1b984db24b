//! Futures that wake the waker of an earlier poll.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::{Kind::StaleWaker, check, check_stream, event};
use futures_core::Stream;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

/// Keeps the waker of its first poll.
struct First(Flag);

impl Future for First {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.0.lock().unwrap();
        if state.set {
            return Poll::Ready(());
        }
        state.waker.get_or_insert_with(|| context.waker().clone());
        Poll::Pending
    }
}

impl Drop for First {
    fn drop(&mut self) {
        flag::forget(&self.0);
    }
}

/// Skips the registration if the waker equals that of the first poll. But another waker may have been registered
/// since.
struct Compares {
    flag: Flag,
    first: Option<Waker>,
}

impl Future for Compares {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let flag = self.flag.clone();
        let mut state = flag.lock().unwrap();
        if state.set {
            return Poll::Ready(());
        }
        match &self.first {
            Some(first) if first.will_wake(context.waker()) => {}
            Some(_) => state.waker = Some(context.waker().clone()),
            None => {
                self.first = Some(context.waker().clone());
                state.waker = Some(context.waker().clone());
            }
        }
        Poll::Pending
    }
}

impl Drop for Compares {
    fn drop(&mut self) {
        flag::forget(&self.flag);
    }
}

/// Registers its waker at the first poll only.
struct Registered {
    flag: Flag,
    registered: bool,
}

impl Stream for Registered {
    type Item = ();

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<()>> {
        let flag = self.flag.clone();
        let mut state = flag.lock().unwrap();
        if state.set {
            return Poll::Ready(None);
        }
        if !std::mem::replace(&mut self.registered, true) {
            state.waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        flag::forget(&self.flag);
    }
}

fn with_event<F>(make: impl Fn(Flag) -> F) -> F {
    let flag = Flag::default();
    let other = flag.clone();
    event(move || flag::set(&other));
    make(flag)
}

cases! {
    /// `get_or_insert_with`.
    keeps_the_first_waker: [StaleWaker], check(|| with_event(First));
    /// `will_wake` on the wrong waker.
    compares_with_the_first_waker: [StaleWaker], check(|| with_event(|flag| Compares { flag, first: None }));
    /// A stream that registers at its first poll only.
    registers_once: [StaleWaker], check_stream(|| with_event(|flag| Registered { flag, registered: false }));
}
