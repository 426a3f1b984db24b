//! They take being polled for being woken.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::{Kind::SpuriousPoll, check, event};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for a flag; what it does at the second poll, it does without looking.
struct Second {
    flag: Flag,
    polled: bool,
    second: fn(&Flag) -> Option<u32>,
}

impl Future for Second {
    type Output = u32;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        if std::mem::replace(&mut self.polled, true) {
            if let Some(output) = (self.second)(&self.flag) {
                return Poll::Ready(output);
            }
        }
        let mut state = self.flag.lock().unwrap();
        if state.set {
            return Poll::Ready(7);
        }
        state.waker = Some(context.waker().clone());
        Poll::Pending
    }
}

impl Drop for Second {
    fn drop(&mut self) {
        flag::forget(&self.flag);
    }
}

fn second(second: fn(&Flag) -> Option<u32>) -> Second {
    let flag = Flag::default();
    let other = flag.clone();
    event(move || flag::set(&other));
    Second { flag, polled: false, second }
}

cases! {
    /// `assert!(ready)`: it was woken, was it not?
    panics_if_polled_in_vain: [SpuriousPoll], check(|| second(|flag| {
        assert!(flag.lock().unwrap().set, "woken for nothing");
        Some(7)
    }));
    /// Comes back with what it has.
    takes_what_is_there: [SpuriousPoll], check(|| second(|flag| {
        Some(if flag.lock().unwrap().set { 7 } else { 0 })
    })).expect_output(|output| *output == 7);
    /// Is ready at its second poll, whatever happened.
    ready_at_the_second_poll: [SpuriousPoll], check(|| second(|_| Some(7)));
    /// Counts polls, and gives up.
    counts_its_polls: [SpuriousPoll], check(|| {
        let mut inner = second(|_| None);
        let mut polls = 0;
        std::future::poll_fn(move |context| {
            polls += 1;
            assert!(polls < 40, "polled too often");
            Pin::new(&mut inner).poll(context)
        })
    });
}
