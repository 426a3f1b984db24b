//! Futures that work with one event at a time, and fail if two of them happen before one poll.

use crate::cases;
use dormouse_check::{Kind::LostWakeUp, check, event};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

#[derive(Default)]
struct State {
    messages: u32,
    waker: Option<Waker>,
}

/// Waits for two messages. Each poll takes one of them out, and registers without a look at the others.
struct OneMessagePerPoll {
    state: Arc<Mutex<State>>,
    received: u32,
}

impl Future for OneMessagePerPoll {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waker = context.waker().clone();
        let shared = self.state.clone();
        let mut state = shared.lock().unwrap();
        if state.messages > 0 {
            state.messages -= 1;
            self.received += 1;
        }
        if self.received == 2 {
            return Poll::Ready(());
        }
        let old = state.waker.replace(waker);
        drop(state);
        drop(old);
        Poll::Pending
    }
}

impl Drop for OneMessagePerPoll {
    fn drop(&mut self) {
        let waker = self.state.lock().unwrap().waker.take();
        drop(waker);
    }
}

fn one_message_per_poll() -> OneMessagePerPoll {
    let state: Arc<Mutex<State>> = Arc::default();
    for _ in 0..2 {
        let state = state.clone();
        event(move || {
            let mut state = state.lock().unwrap();
            state.messages += 1;
            let waker = state.waker.take();
            drop(state);
            if let Some(waker) = waker {
                waker.wake();
            }
        });
    }
    OneMessagePerPoll { state, received: 0 }
}

cases! {
    /// Two messages before a poll: the second one is found only if the task is woken again.
    two_messages_before_a_poll: [LostWakeUp], check(one_message_per_poll).seed(145);
}

#[test]
fn the_seed_in_a_report_repeats_the_schedule() {
    let seed_of = |report: &dormouse_check::Report| {
        let details = report.findings().iter().flat_map(|finding| finding.details());
        let seed = details.filter_map(|detail| detail.split_once("seed(0x")).next()?.1;
        u64::from_str_radix(seed.split_once(')')?.0, 16).ok()
    };
    let report = check(one_message_per_poll).seed(1).run();
    let seed = seed_of(&report).expect("a finding with a seed");
    let repeated = check(one_message_per_poll).seed(seed).run();
    assert_eq!(seed_of(&repeated), Some(seed), "{repeated}");
}
