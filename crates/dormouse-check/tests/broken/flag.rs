//! What most of the broken ones are made of: a flag that one side sets and the other waits for.

use std::sync::{Arc, Mutex};
use std::task::Waker;

#[derive(Default)]
pub(crate) struct State {
    pub(crate) set: bool,
    pub(crate) waker: Option<Waker>,
}

pub(crate) type Flag = Arc<Mutex<State>>;

/// Sets it and wakes, as it should be done.
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

/// Takes the waker out, as a destructor should do it.
pub(crate) fn forget(flag: &Flag) {
    let waker = flag.lock().unwrap().waker.take();
    drop(waker);
}
