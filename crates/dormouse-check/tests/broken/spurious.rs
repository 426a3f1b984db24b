//! Futures that treat a poll as a wake-up.

use crate::cases;
use crate::flag::{self, Flag};
use dormouse_check::{Kind::SpuriousPoll, check, event};
use std::pin::Pin;
use std::task::{Context, Poll};

/// Waits for a flag. From the second poll on, it calls `second` before it checks the flag.
struct SecondPoll {
    flag: Flag,
    polled: bool,
    second: fn(&Flag) -> Option<u32>,
}

impl Future for SecondPoll {
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

impl Drop for SecondPoll {
    fn drop(&mut self) {
        flag::forget(&self.flag);
    }
}

fn second_poll(second: fn(&Flag) -> Option<u32>) -> SecondPoll {
    let flag = Flag::default();
    let other = flag.clone();
    event(move || flag::set(&other));
    SecondPoll { flag, polled: false, second }
}

cases! {
    /// `assert!(ready)` after the first poll.
    panics_on_a_spurious_poll: [SpuriousPoll], check(|| second_poll(|flag| {
        assert!(flag.lock().unwrap().set, "spurious wake-up");
        Some(7)
    }));
    /// Returns the output it has so far.
    returns_a_wrong_output_early: [SpuriousPoll], check(|| second_poll(|flag| {
        Some(if flag.lock().unwrap().set { 7 } else { 0 })
    })).expect_output(|output| *output == 7);
    /// Always ready at its second poll.
    ready_at_the_second_poll: [SpuriousPoll], check(|| second_poll(|_| Some(7)));
    /// Counts polls, and panics at the 40th.
    counts_its_polls: [SpuriousPoll], check(|| {
        let mut inner = second_poll(|_| None);
        let mut polls = 0;
        std::future::poll_fn(move |context| {
            polls += 1;
            assert!(polls < 40, "polled too often");
            Pin::new(&mut inner).poll(context)
        })
    });
}
