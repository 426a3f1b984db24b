//! A flag with one waiter, from which most of the broken futures are built.

use std::sync::{Arc, Mutex};
use std::task::Waker;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) set: bool,
    pub(crate) waker: Option<Waker>,
}

pub(crate) type Flag = Arc<Mutex<State>>;

/// Sets the flag, and wakes the waiter with no lock held.
pub(crate) fn set(flag: &Flag) {
    let waker = {
        let mut state = flag.lock().unwrap();
        state.set = true;
        state.waker.take()
    };
    if let Some(waker) = waker {
        waker.wake();
    }
}

/// Removes the waker, as a destructor should.
pub(crate) fn forget(flag: &Flag) {
    let waker = flag.lock().unwrap().waker.take();
    drop(waker);
}
